-- A verdict per promotion, and the numbers that it rests on (docs/promotions.md). What was sold
-- more than on other days is there, too, by its name: naive.
with

windows as (
    select * from {{ ref('promotion_windows') }}
),

effects as (
    select * from {{ ref('promotion_effects') }}
),

totals as (
    select
        promotion_id,
        promotion_label,
        cost_amount,
        issued_points
    from {{ ref('promotion_totals') }}
),

-- Per store and day, all of the promotion's stores together.
compared as (
    select
        promotion_id,
        avg(units_other_days) as other_units,
        avg(units_before) as units_before,
        avg(units_during) as units_during,
        sum(costed_amount) / nullif(sum(known_amount), 0) as costed_ratio
    from {{ ref('promotion_uplift_stores') }}
    where arm = 'treated'
    group by promotion_id
),

-- As if store-days were independent, which they are not: for comparison with other tools.
plain_arms as (
    select
        stores.promotion_id,
        stores.arm,
        count(*) * max(windows.before_day_count) as before_count,
        count(*) * max(windows.during_day_count) as during_count,
        sum(stores.plain_units_before) as before_sum,
        sum(stores.units_during) * max(windows.during_day_count) as during_sum,
        sum(stores.unit_squares_before) as before_squares,
        sum(stores.unit_squares_during) as during_squares
    from {{ ref('promotion_uplift_stores') }} as stores
    inner join windows on stores.promotion_id = windows.promotion_id
    where stores.control_kind = 'stores'
    group by stores.promotion_id, stores.arm
),

plain as (
    select
        promotion_id,
        sqrt(
            sum(
                greatest(before_squares - power(before_sum, 2) / before_count, 0)
                / nullif((before_count - 1) * before_count, 0)
                + greatest(during_squares - power(during_sum, 2) / during_count, 0)
                / nullif((during_count - 1) * during_count, 0)
            )
        ) as standard_error
    from plain_arms
    group by promotion_id
    having count(*) = 2
),

controls as (
    select
        promotion_id,
        max(control_kind) as control_kind,
        count(*) as control_count
    from {{ ref('promotion_controls') }}
    group by promotion_id
),

estimates as (
    select
        windows.*,
        controls.control_kind,
        case
            when controls.control_kind = 'categories' then controls.control_count
            else coalesce(units.control_store_count, 0)
        end as control_count,
        units.method,
        units.treated_store_count as measured_store_count,
        compared.units_during - compared.other_units as naive_units,
        compared.units_during - compared.units_before as pre_post_units,
        compared.units_during / nullif(compared.other_units, 0) - 1 as naive_ratio,
        compared.units_during / nullif(compared.units_before, 0) - 1 as pre_post_ratio,
        compared.costed_ratio,
        plain.standard_error as plain_standard_error,
        units.difference as did_units,
        units.difference_standard_error as did_standard_error,
        case
            when units.treated_during > units.difference
                then units.difference / (units.treated_during - units.difference)
        end as did_ratio,
        units.ratio as ratio_form_ratio,
        units.effect_ratio as uplift_ratio,
        units.low_effect_ratio as uplift_ratio_low,
        units.high_effect_ratio as uplift_ratio_high,
        placebo.effect as placebo_units,
        placebo.low_effect as placebo_units_low,
        placebo.high_effect as placebo_units_high,
        units.treated_store_count * windows.during_day_count as store_days,
        units.effect as units_effect,
        units.low_effect as units_low,
        units.high_effect as units_high,
        revenue.effect as revenue_effect,
        revenue.low_effect as revenue_low,
        revenue.high_effect as revenue_high,
        margin.effect as margin_effect,
        margin.low_effect as margin_low,
        margin.high_effect as margin_high,
        points.effect as points_effect,
        points.low_effect as points_low,
        points.high_effect as points_high,
        dip.treated_store_count * windows.after_day_count as dip_store_days,
        dip.effect as dip_effect,
        dip.low_effect as dip_low,
        dip.high_effect as dip_high,
        same.effect as same_effect,
        same.low_effect as same_low,
        same.high_effect as same_high,
        rest.effect as rest_effect,
        rest.low_effect as rest_low,
        rest.high_effect as rest_high
    from windows
    left join compared on windows.promotion_id = compared.promotion_id
    left join plain on windows.promotion_id = plain.promotion_id
    left join controls on windows.promotion_id = controls.promotion_id
    left join effects as units
        on windows.promotion_id = units.promotion_id and units.measure = 'units'
    left join effects as revenue
        on windows.promotion_id = revenue.promotion_id and revenue.measure = 'revenue'
    left join effects as margin
        on windows.promotion_id = margin.promotion_id and margin.measure = 'margin'
    left join effects as points
        on windows.promotion_id = points.promotion_id and points.measure = 'points'
    left join effects as placebo
        on windows.promotion_id = placebo.promotion_id and placebo.measure = 'placebo'
    left join effects as dip
        on windows.promotion_id = dip.promotion_id and dip.measure = 'after'
    left join effects as same
        on windows.promotion_id = same.promotion_id and same.measure = 'same category'
    left join effects as rest
        on windows.promotion_id = rest.promotion_id and rest.measure = 'rest of basket'
),

judged as (
    select
        *,
        case
            when during_day_count = 0 then 'has not begun'
            when treated_store_count = 0 then 'nothing was sold with its code'
            when before_day_count < {{ var('uplift_pre_days') }}
                then
                    'only ' || before_day_count || ' days before it to compare with, '
                    || '{{ var("uplift_pre_days") }} are needed'
            when control_count < {{ var('uplift_controls') }}
                then
                    'only ' || control_count || ' of the stores or categories had no promotion '
                    || 'then, {{ var("uplift_controls") }} are needed to compare with'
            when units_low is null or placebo_units_low is null
                then 'too few stores sold enough to tell an effect from chance'
        end as missing
    from estimates
),

verdicts as (
    select
        *,
        case
            when missing is not null then 'insufficient data'
            when placebo_units_low > 0 or placebo_units_high < 0 then 'not credible'
            when margin_high < 0 then 'loses money'
            when units_low > 0 then 'works'
            else 'no effect'
        end as verdict
    from judged
),

reasons as (
    select
        *,
        case
            when verdict = 'insufficient data' then missing
            when verdict = 'not credible'
                then 'its stores and the others had drifted apart before it began'
            when verdict = 'loses money' and units_low > 0
                then 'sells more, but discount and points cost more than that brings'
            when verdict = 'loses money' and units_high < 0
                then 'sells less, and discount and points cost'
            when verdict = 'loses money'
                then 'no effect on units is shown, but discount and points cost'
            when verdict = 'works' and margin_low is null
                then 'sells more; what that earns is not known without unit costs'
            when verdict = 'works' and margin_low > 0 then 'sells more, and earns more'
            when verdict = 'works' then 'sells more; whether that earns more is not certain'
            when units_high < 0 then 'sells less than without it'
            else 'what was sold more may as well be chance'
        end as reason
    from verdicts
),

final as (
    select
        reasons.promotion_id,
        totals.promotion_label,
        reasons.verdict,
        reasons.reason,
        reasons.product_category,
        reasons.scope,
        reasons.method,
        reasons.control_kind,
        reasons.is_complete,
        reasons.placebo_units_low <= 0 and reasons.placebo_units_high >= 0 as is_placebo_passed,
        reasons.dip_high < 0 as is_pulled_forward,
        rank() over (order by reasons.naive_ratio desc nulls last) as sales_increase_rank,
        case
            when reasons.verdict not in ('insufficient data', 'not credible')
                then
                    rank() over (
                        partition by reasons.verdict in ('insufficient data', 'not credible')
                        order by reasons.uplift_ratio desc nulls last
                    )
        end as uplift_rank,
        coalesce(reasons.measured_store_count, 0) as treated_store_count,
        reasons.control_count,
        reasons.before_day_count,
        reasons.during_day_count,
        reasons.after_day_count,
        reasons.overlapping_count,
        reasons.overlapping_promotions,
        cast(reasons.uplift_ratio as numeric(24, 6)) as uplift_ratio,
        cast(reasons.uplift_ratio_low as numeric(24, 6)) as uplift_ratio_low,
        cast(reasons.uplift_ratio_high as numeric(24, 6)) as uplift_ratio_high,
        cast(reasons.naive_ratio as numeric(24, 6)) as naive_ratio,
        cast(reasons.pre_post_ratio as numeric(24, 6)) as pre_post_ratio,
        cast(reasons.did_ratio as numeric(24, 6)) as did_ratio,
        cast(reasons.ratio_form_ratio as numeric(24, 6)) as ratio_form_ratio,
        cast(reasons.naive_units as numeric(24, 6)) as naive_units,
        cast(reasons.pre_post_units as numeric(24, 6)) as pre_post_units,
        cast(reasons.did_units as numeric(24, 6)) as did_units,
        cast(reasons.did_standard_error as numeric(24, 6)) as did_standard_error,
        cast(reasons.plain_standard_error as numeric(24, 6)) as plain_standard_error,
        cast(
            reasons.did_units / nullif(reasons.plain_standard_error, 0) as numeric(24, 6)
        ) as plain_t_value,
        cast(reasons.placebo_units as numeric(24, 6)) as placebo_units,
        cast(reasons.placebo_units_low as numeric(24, 6)) as placebo_units_low,
        cast(reasons.placebo_units_high as numeric(24, 6)) as placebo_units_high,
        cast(reasons.units_effect * reasons.store_days as numeric(24, 4)) as incremental_units,
        cast(reasons.units_low * reasons.store_days as numeric(24, 4)) as incremental_units_low,
        cast(reasons.units_high * reasons.store_days as numeric(24, 4)) as incremental_units_high,
        cast(reasons.revenue_effect * reasons.store_days as numeric(24, 4)) as incremental_amount,
        cast(reasons.revenue_low * reasons.store_days as numeric(24, 4)) as incremental_amount_low,
        cast(reasons.revenue_high * reasons.store_days as numeric(24, 4))
            as incremental_amount_high,
        cast(reasons.margin_effect * reasons.store_days as numeric(24, 4))
            as incremental_margin_amount,
        cast(reasons.margin_low * reasons.store_days as numeric(24, 4))
            as incremental_margin_amount_low,
        cast(reasons.margin_high * reasons.store_days as numeric(24, 4))
            as incremental_margin_amount_high,
        cast(reasons.points_effect * reasons.store_days as numeric(24, 4)) as incremental_points,
        cast(reasons.points_low * reasons.store_days as numeric(24, 4)) as incremental_points_low,
        cast(reasons.points_high * reasons.store_days as numeric(24, 4)) as incremental_points_high,
        cast(reasons.dip_effect * reasons.dip_store_days as numeric(24, 4)) as dip_units,
        cast(reasons.dip_low * reasons.dip_store_days as numeric(24, 4)) as dip_units_low,
        cast(reasons.dip_high * reasons.dip_store_days as numeric(24, 4)) as dip_units_high,
        cast(reasons.same_effect * reasons.store_days as numeric(24, 4)) as cannibalisation_amount,
        cast(reasons.same_low * reasons.store_days as numeric(24, 4)) as cannibalisation_amount_low,
        cast(reasons.same_high * reasons.store_days as numeric(24, 4))
            as cannibalisation_amount_high,
        cast(reasons.rest_effect * reasons.store_days as numeric(24, 4)) as halo_amount,
        cast(reasons.rest_low * reasons.store_days as numeric(24, 4)) as halo_amount_low,
        cast(reasons.rest_high * reasons.store_days as numeric(24, 4)) as halo_amount_high,
        cast(reasons.costed_ratio as numeric(18, 6)) as costed_ratio,
        totals.cost_amount,
        cast(
            reasons.margin_effect * reasons.store_days - totals.cost_amount as numeric(24, 4)
        ) as margin_after_cost_amount,
        totals.issued_points,
        reasons.before_first_date,
        reasons.start_date,
        reasons.end_date
    from reasons
    left join totals on reasons.promotion_id = totals.promotion_id
)

select * from final
