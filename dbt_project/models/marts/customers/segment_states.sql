-- Every state is reckoned from the sales and returns up to its day, as customer_rfm does for the
-- business date: no snapshot, so that a late sale mends the past.
{%- set basis = setting('rfm_monetary_basis', 'LENS_RFM_MONETARY_BASIS', 'net') %}
with

states as (
    select
        state_date,
        state_date - {{ rfm_window_days() }} as before_window,
        is_current
    from {{ ref('state_dates') }}
),

purchases as (
    select
        transaction_id,
        customer_id,
        has_merchandise,
        merchandise_amount,
        business_date
    from {{ ref('purchases') }}
),

-- What each return takes away, at most the merchandise of the sale.
returned as (
    select
        purchases.customer_id,
        purchases.transaction_id,
        purchases.business_date as sold_date,
        sale_returns.business_date,
        least(sale_returns.returned_to_date_amount, purchases.merchandise_amount)
        - least(
            sale_returns.returned_to_date_amount - sale_returns.returned_amount,
            purchases.merchandise_amount
        ) as amount,
        sale_returns.returned_to_date_amount > 0
        and sale_returns.returned_to_date_amount >= purchases.merchandise_amount as is_full
    from {{ ref('sale_returns') }} as sale_returns
    inner join purchases on sale_returns.original_transaction_id = purchases.transaction_id
    {% if basis == 'gross' -%}where false{%- endif %}
),

fully_returned as (
    select
        transaction_id,
        min(business_date) as returned_date
    from returned
    where is_full
    group by transaction_id
),

bought as (
    select
        states.state_date,
        purchases.customer_id,
        count(*) filter (
            where
            purchases.has_merchandise
            and coalesce(fully_returned.returned_date > states.state_date, true)
        ) as frequency,
        max(purchases.business_date) filter (
            where
            purchases.has_merchandise
            and coalesce(fully_returned.returned_date > states.state_date, true)
        ) as last_purchase_date,
        sum(purchases.merchandise_amount) as merchandise_amount
    from states
    inner join purchases
        on
            states.state_date >= purchases.business_date
            and coalesce(states.before_window < purchases.business_date, true)
    left join fully_returned on purchases.transaction_id = fully_returned.transaction_id
    group by states.state_date, purchases.customer_id
),

given_back as (
    select
        states.state_date,
        returned.customer_id,
        sum(returned.amount) as amount
    from states
    inner join returned
        on
            states.state_date >= returned.business_date
            and coalesce(states.before_window < returned.sold_date, true)
    group by states.state_date, returned.customer_id
),

delivered as (
    select
        customer_id,
        last_purchase_date
    from {{ ref('customers') }}
),

measured as (
    select
        bought.state_date,
        bought.customer_id,
        bought.state_date - greatest(
            bought.last_purchase_date,
            case
                when delivered.last_purchase_date <= bought.state_date
                    then delivered.last_purchase_date
            end
        ) as recency_days,
        bought.frequency,
        cast(
            bought.merchandise_amount - coalesce(given_back.amount, 0) as numeric(24, 4)
        ) as monetary
    from bought
    left join given_back
        on
            bought.state_date = given_back.state_date
            and bought.customer_id = given_back.customer_id
    left join delivered on bought.customer_id = delivered.customer_id
    where bought.frequency > 0
),

-- By month, which is as often as there is a state.
movements as (
    select
        customer_id,
        cast(date_trunc('month', business_date) as date) as month_date,
        sum(points) as points
    from {{ ref('points_ledger') }}
    group by customer_id, month_date
),

balances as (
    select
        states.state_date,
        movements.customer_id,
        sum(movements.points) as points
    from states
    inner join movements on states.state_date >= movements.month_date
    where not states.is_current
    group by states.state_date, movements.customer_id
    union all
    select
        states.state_date,
        points_balances.customer_id,
        points_balances.available_points as points
    from states
    cross join {{ ref('points_balances') }} as points_balances
    where states.is_current
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
        coalesce(balances.points, 0) as available_points,
        scored.recency_days >= {{ var('at_risk_days') }} and coalesce(balances.points, 0) > 0
            as is_at_risk,
        {{ value_tier() }} || ' - ' || {{ engagement_status() }} as value_segment
    from scored
    inner join medians on scored.state_date = medians.state_date
    left join balances
        on scored.state_date = balances.state_date and scored.customer_id = balances.customer_id
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
