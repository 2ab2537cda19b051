-- Every state is reckoned from the sales and returns up to its day, as customer_rfm does for the
-- business date: no snapshot, so that a late sale mends the past. What counts from one state on
-- until another is told once, and added up along the states.
{{ config(
    materialized='by_key', key='cast(state_date as text)',
    follows=[
        'sales', 'sale_lines', 'sale_returns', 'points_ledger', 'delivered_last_purchases', 'as_of'
    ],
    tells=['state_date']
) }}
{%- set basis = setting('rfm_monetary_basis', 'LENS_RFM_MONETARY_BASIS', 'net') %}
with

states as (
    select
        state_date,
        row_number() over (order by state_date) as state_number,
        is_current
    from {{ ref('state_dates') }}
    where {{ of_changed_keys('cast(state_date as text)') }}
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
        states.is_current,
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

measured as (
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
        case
            when added_up.is_current then coalesce(points_balances.available_points, 0)
            else coalesce(added_up.points, 0)
        end as available_points
    from added_up
    left join last_given_up
        on
            added_up.customer_id = last_given_up.customer_id
            and added_up.state_number = last_given_up.state_number
    left join {{ ref('delivered_last_purchases') }} as delivered
        on added_up.customer_id = delivered.customer_id
    left join {{ ref('points_balances') }} as points_balances
        on added_up.customer_id = points_balances.customer_id and added_up.is_current
    where added_up.frequency > 0
),

scored as (
    select
        *,
        {{ rfm_score('recency_days desc', 'state_date') }} as r_score,
        {{ rfm_score('frequency asc', 'state_date') }} as f_score,
        {{ rfm_score('monetary asc', 'state_date') }} as m_score,
        monetary > 0
        and rank() over (partition by state_date order by monetary desc)
        <= ceil(
            {{ var('high_spender_share') }}
            * count(*) filter (where monetary > 0) over (partition by state_date)
        ) as is_high_spender
    from measured
),

medians as (
    select
        state_date,
        {{ median('recency_days') }} as recency_days,
        {{ median('frequency') }} as frequency,
        {{ median('monetary') }} as monetary
    from measured
    group by state_date
),

placed as (
    select
        scored.*,
        medians.recency_days as median_recency_days,
        medians.frequency as median_frequency,
        medians.monetary as median_monetary,
        min(scored.monetary) filter (where scored.is_high_spender) over (
            partition by scored.state_date
        ) as high_spender_from,
        scored.recency_days >= {{ var('at_risk_days') }} and scored.available_points > 0
            as is_at_risk,
        {{ value_tier() }} || ' - ' || {{ engagement_status() }} as value_segment
    from scored
    inner join medians on scored.state_date = medians.state_date
),

-- One row a pair of flags, so that the precedence of the seed is looked up four times in all.
flags as (
    select distinct on (pairs.is_high_spender, pairs.is_at_risk)
        pairs.is_high_spender,
        pairs.is_at_risk,
        loyalty_segments.segment_name
    from (
        values (true, true), (true, false), (false, true), (false, false)
    ) as pairs (is_high_spender, is_at_risk)
    inner join {{ ref('loyalty_segments') }} as loyalty_segments
        on
            case loyalty_segments.segment_id
                when 'HS' then pairs.is_high_spender
                when 'AR' then pairs.is_at_risk
                else true
            end
    order by pairs.is_high_spender, pairs.is_at_risk, loyalty_segments.precedence
),

final as (
    select
        placed.state_date,
        placed.customer_id,
        flags.segment_name,
        placed.value_segment,
        rfm_grid.rfm_segment,
        placed.is_high_spender,
        placed.is_at_risk,
        placed.recency_days,
        placed.frequency,
        placed.monetary,
        placed.r_score,
        placed.f_score,
        placed.m_score,
        cast(placed.available_points as bigint) as available_points,
        cast(placed.median_recency_days as numeric(24, 6)) as median_recency_days,
        cast(placed.median_frequency as numeric(24, 6)) as median_frequency,
        cast(placed.median_monetary as numeric(24, 6)) as median_monetary,
        placed.high_spender_from
    from placed
    inner join flags
        on
            placed.is_high_spender = flags.is_high_spender
            and placed.is_at_risk = flags.is_at_risk
    left join {{ ref('rfm_grid') }} as rfm_grid
        on placed.r_score = rfm_grid.r_score and placed.f_score = rfm_grid.f_score
)

select * from final
