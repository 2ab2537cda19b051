-- Every month end is reckoned from the sales and returns up to its day, as customer_rfm does for
-- the business date: no snapshot, so that a late sale mends the past. What counts from one state
-- on until another is told once, and added up along the states.
{{ config(
    materialized='by_key', key='customer_id',
    follows=['purchases', 'sale_returns', 'points_ledger', 'delivered_last_purchases', 'as_of'],
    tells=['state_date+customer_id', 'state_date']
) }}
{%- set basis = setting('rfm_monetary_basis', 'LENS_RFM_MONETARY_BASIS', 'net') %}
with

states as (
    select
        state_date,
        row_number() over (order by state_date) as state_number
    from {{ ref('state_dates') }}
    where not is_current
),

-- A day is first known to the state after those that end before it; one that leaves the window
-- is out from the state on whose window begins after it (none: never).
edges as (
    select
        array_agg(state_date order by state_date) as state_dates,
        array_agg(coalesce(state_date - {{ rfm_window_days() }}, '-infinity') order by state_date)
            as before_windows,
        count(*) + 1 as after_all
    from states
),

purchases as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        purchases.has_merchandise,
        purchases.merchandise_amount,
        purchases.business_date,
        width_bucket(purchases.business_date - 1, edges.state_dates) + 1 as from_number,
        width_bucket(purchases.business_date - 1, edges.before_windows) + 1 as to_number
    from {{ ref('purchases') }} as purchases
    cross join edges
    where {{ of_changed_keys('purchases.customer_id') }}
),

-- What each return takes away, at most the merchandise of the sale.
returned as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        width_bucket(sale_returns.business_date - 1, edges.state_dates) + 1 as from_number,
        purchases.to_number,
        least(sale_returns.returned_to_date_amount, purchases.merchandise_amount)
        - least(
            sale_returns.returned_to_date_amount - sale_returns.returned_amount,
            purchases.merchandise_amount
        ) as amount,
        sale_returns.returned_to_date_amount > 0
        and sale_returns.returned_to_date_amount >= purchases.merchandise_amount as is_full
    from {{ ref('sale_returns') }} as sale_returns
    cross join edges
    inner join purchases on sale_returns.original_transaction_id = purchases.transaction_id
    {% if basis == 'gross' -%}where false{%- endif %}
),

fully_returned as (
    select
        transaction_id,
        min(from_number) as from_number
    from returned
    where is_full
    group by transaction_id
),

-- Purchases that counted until all of them came back.
given_up as (
    select
        purchases.customer_id,
        purchases.business_date,
        purchases.from_number,
        least(purchases.to_number, fully_returned.from_number) as to_number
    from purchases
    inner join fully_returned on purchases.transaction_id = fully_returned.transaction_id
    where purchases.has_merchandise
),

stays as (
    select
        purchases.customer_id,
        purchases.from_number,
        purchases.to_number,
        cast(
            purchases.has_merchandise and fully_returned.transaction_id is null as integer
        ) as purchase_count,
        purchases.merchandise_amount as amount,
        case
            when purchases.has_merchandise and fully_returned.transaction_id is null
                then purchases.business_date
        end as purchase_date
    from purchases
    left join fully_returned on purchases.transaction_id = fully_returned.transaction_id
    union all
    select
        customer_id,
        from_number,
        to_number,
        1 as purchase_count,
        0 as amount,
        null as purchase_date
    from given_up
    union all
    select
        customer_id,
        from_number,
        to_number,
        0 as purchase_count,
        -amount as amount,
        null as purchase_date
    from returned
),

movements as (
    select
        entries.customer_id,
        width_bucket(entries.business_date - 1, edges.state_dates) + 1 as state_number,
        sum(entries.points) as points
    from {{ ref('points_ledger') }} as entries
    cross join edges
    where {{ of_changed_keys('entries.customer_id') }}
    group by entries.customer_id, state_number
),

changes as (
    select
        customer_id,
        from_number as state_number,
        purchase_count,
        amount,
        purchase_date,
        0 as points
    from stays
    where from_number < to_number
    union all
    select
        stays.customer_id,
        stays.to_number as state_number,
        -stays.purchase_count as purchase_count,
        -stays.amount as amount,
        null as purchase_date,
        0 as points
    from stays
    inner join edges on stays.to_number < edges.after_all
    where stays.from_number < stays.to_number
    union all
    select
        customer_id,
        state_number,
        0 as purchase_count,
        0 as amount,
        null as purchase_date,
        points
    from movements
),

changed as (
    select
        customer_id,
        state_number,
        sum(purchase_count) as purchase_count,
        sum(amount) as amount,
        max(purchase_date) as purchase_date,
        sum(points) as points
    from changes
    group by customer_id, state_number
),

firsts as (
    select
        customer_id,
        min(state_number) as state_number
    from changed
    group by customer_id
),

added_up as (
    select
        states.state_date,
        states.state_number,
        firsts.customer_id,
        sum(changed.purchase_count) over up_to_then as frequency,
        sum(changed.amount) over up_to_then as monetary,
        max(changed.purchase_date) over up_to_then as last_purchase_date,
        sum(changed.points) over up_to_then as points
    from firsts
    inner join states on firsts.state_number <= states.state_number
    left join changed
        on
            firsts.customer_id = changed.customer_id
            and states.state_number = changed.state_number
    window up_to_then as (partition by firsts.customer_id order by states.state_number)
),

last_given_up as (
    select
        given_up.customer_id,
        states.state_number,
        max(given_up.business_date) as purchase_date
    from given_up
    inner join states
        on
            given_up.from_number <= states.state_number
            and given_up.to_number > states.state_number
    group by given_up.customer_id, states.state_number
),

final as (
    select
        added_up.state_date,
        added_up.customer_id,
        added_up.state_date - greatest(
            added_up.last_purchase_date,
            last_given_up.purchase_date,
            case
                when delivered.last_purchase_date <= added_up.state_date
                    then delivered.last_purchase_date
            end
        ) as recency_days,
        cast(added_up.frequency as bigint) as frequency,
        cast(added_up.monetary as numeric(24, 4)) as monetary,
        cast(coalesce(added_up.points, 0) as bigint) as available_points
    from added_up
    left join last_given_up
        on
            added_up.customer_id = last_given_up.customer_id
            and added_up.state_number = last_given_up.state_number
    left join {{ ref('delivered_last_purchases') }} as delivered
        on added_up.customer_id = delivered.customer_id
    where added_up.frequency > 0
)

select * from final
