with

as_of as (
    select business_date from {{ ref('as_of') }}
),

customers as (
    select * from {{ ref('customers') }}
),

customer_rfm as (
    select * from {{ ref('customer_rfm') }}
),

points_balances as (
    select
        customer_id,
        available_points,
        debt_points
    from {{ ref('points_balances') }}
),

customer_rhythms as (
    select
        customer_id,
        is_at_risk_by_rhythm
    from {{ ref('customer_rhythms') }}
),

tier_standings as (
    select * from {{ ref('tier_standings') }}
),

-- What models say, unless they looked further than this day: the past is shown without it.
scores as (
    select
        customer_clv.customer_id,
        customer_clv.clv_quintile,
        customer_clv.clv_amount,
        customer_churn.churn_risk,
        customer_churn.churn_probability
    from {{ ref('customer_clv') }} as customer_clv
    inner join as_of on customer_clv.business_date <= as_of.business_date
    left join {{ ref('customer_churn') }} as customer_churn
        on customer_clv.customer_id = customer_churn.customer_id
),

-- Ties at the edge are all in: rank, not ntile (semantics 3).
spend_ranks as (
    select
        customer_id,
        rank() over (order by monetary desc)
        <= ceil({{ var('high_spender_share') }} * count(*) over ()) as is_high_spender
    from customer_rfm
    where monetary > 0
),

last_purchases as (
    select
        customers.customer_id,
        greatest(
            habits.last_day,
            case
                when customers.last_purchase_date <= as_of.business_date
                    then customers.last_purchase_date
            end
        ) as last_purchase_date,
        as_of.business_date
    from customers
    -- The last purchase of all time, where a window leaves it out of RFM.
    left join {{ ref('customer_habits') }} as habits
        on customers.customer_id = habits.customer_id
    cross join as_of
),

flagged as (
    select
        last_purchases.customer_id,
        coalesce(spend_ranks.is_high_spender, false) as is_high_spender,
        coalesce(
            last_purchases.business_date - last_purchases.last_purchase_date
            >= {{ var('at_risk_days') }}
            and points_balances.available_points > 0,
            false
        ) as is_at_risk,
        coalesce(points_balances.available_points, 0) as available_points,
        coalesce(points_balances.debt_points, 0) as debt_points,
        last_purchases.business_date - last_purchases.last_purchase_date
            as days_since_last_purchase,
        last_purchases.last_purchase_date,
        last_purchases.business_date
    from last_purchases
    left join spend_ranks on last_purchases.customer_id = spend_ranks.customer_id
    left join points_balances on last_purchases.customer_id = points_balances.customer_id
),

segments as (
    select distinct on (flagged.customer_id)
        flagged.customer_id,
        loyalty_segments.segment_id,
        loyalty_segments.segment_name
    from flagged
    inner join {{ ref('loyalty_segments') }} as loyalty_segments
        on
            case loyalty_segments.segment_id
                when 'HS' then flagged.is_high_spender
                when 'AR' then flagged.is_at_risk
                else true
            end
    order by flagged.customer_id, loyalty_segments.precedence
),

final as (
    select
        customers.customer_id,
        customers.first_name,
        customers.last_name,
        customers.email,
        customers.customer_phone,
        customers.street,
        customers.post_code,
        customers.city,
        customers.state,
        customers.country,
        customers.gender,
        customers.marital_status,
        customers.occupation,
        -- A status that names no tier of the programme is passed through.
        case
            when tier_standings.compared_with_delivered = 'no tier of the programme'
                then customers.loyalty_status
            else tier_standings.tier
        end as loyalty_status,
        tier_standings.tier,
        tier_standings.projected_tier,
        tier_standings.next_tier,
        segments.segment_id,
        segments.segment_name,
        coalesce(customer_rfm.rfm_segment, 'Prospect') as rfm_segment,
        customer_rfm.value_tier,
        customer_rfm.engagement_status,
        coalesce(customer_rfm.value_segment, 'Prospect') as value_segment,
        customer_rfm.strategy,
        customer_rfm.action,
        scores.churn_risk,
        customers.has_marketing_consent as marketing_consent,
        flagged.is_high_spender,
        flagged.is_at_risk,
        coalesce(customer_rhythms.is_at_risk_by_rhythm, false) as is_at_risk_by_rhythm,
        customers.is_inferred,
        customers.annual_income,
        flagged.available_points as total_loyalty_points,
        flagged.debt_points,
        flagged.days_since_last_purchase,
        customer_rfm.recency_days,
        coalesce(customer_rfm.frequency, 0) as frequency,
        coalesce(customer_rfm.monetary, 0) as monetary,
        tier_standings.spend_amount as tier_spend_amount,
        tier_standings.spend_to_next_tier_amount,
        customer_rfm.r_score,
        customer_rfm.f_score,
        customer_rfm.m_score,
        scores.clv_quintile,
        scores.clv_amount,
        scores.churn_probability,
        customers.birth_date,
        customers.customer_since,
        flagged.last_purchase_date,
        flagged.business_date,
        customers.modified_at
    from customers
    inner join flagged on customers.customer_id = flagged.customer_id
    inner join segments on customers.customer_id = segments.customer_id
    left join customer_rfm on customers.customer_id = customer_rfm.customer_id
    left join customer_rhythms on customers.customer_id = customer_rhythms.customer_id
    left join tier_standings on customers.customer_id = tier_standings.customer_id
    left join scores on customers.customer_id = scores.customer_id
)

select * from final
