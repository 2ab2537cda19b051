-- Difference in differences per promotion and measure, each store one observation of a day before
-- and a day during (errors clustered by store): docs/promotions.md has the algebra.
with

stores as (
    select * from {{ ref('promotion_uplift_stores') }}
),

costs as (
    select
        promotion_id,
        sum(costed_amount) >= {{ var('uplift_costed_share') }} * sum(known_amount) as is_known
    from stores
    where arm = 'treated'
    group by promotion_id
),

observed as (
    select
        stores.promotion_id,
        measures.measure,
        stores.arm,
        stores.store_id,
        coalesce(stores.control_kind = 'categories', false) as is_paired,
        measures.before,
        measures.during
    from stores
    left join costs on stores.promotion_id = costs.promotion_id
    cross join
        lateral (
            values
            ('units', stores.units_before, stores.units_during, true),
            ('revenue', stores.amount_before, stores.amount_during, true),
            ('margin', stores.margin_before, stores.margin_during, costs.is_known),
            ('points', stores.points_before, stores.points_during, true),
            ('placebo', stores.units_early, stores.units_late, true),
            (
                'after', stores.units_after_base, stores.units_after, stores.is_counted_after
            ),
            (
                'same category',
                stores.same_category_amount_before,
                stores.same_category_amount_during,
                true
            ),
            ('rest of basket', stores.rest_amount_before, stores.rest_amount_during, true)
        ) as measures (measure, before, during, is_known)
    where measures.is_known and measures.before is not null and measures.during is not null
),

means as (
    select
        promotion_id,
        measure,
        bool_or(is_paired) as is_paired,
        count(*) filter (where arm = 'treated') as treated_count,
        count(*) filter (where arm = 'control') as control_count,
        avg(before) filter (where arm = 'treated') as treated_before,
        avg(during) filter (where arm = 'treated') as treated_during,
        avg(before) filter (where arm = 'control') as control_before,
        avg(during) filter (where arm = 'control') as control_during
    from observed
    group by promotion_id, measure
),

-- Where sides of different size are compared, they are expected to grow by the same share.
levels as (
    select
        promotion_id,
        treated_before > 0
        and control_before > 0
        and abs(treated_before / nullif(control_before, 0) - 1)
        > {{ var('uplift_level_tolerance') }} as is_different
    from means
    where measure = 'units'
),

methods as (
    select
        means.*,
        case
            when
                not coalesce(levels.is_different, false)
                or means.treated_before <= 0
                or means.control_before <= 0
                then 'difference'
            when
                means.measure = 'margin'
                or means.treated_during <= 0
                or means.control_during <= 0
                then 'counterfactual'
            else 'log ratio'
        end as method
    from means
    left join levels on means.promotion_id = levels.promotion_id
    where means.treated_count > 0 and means.control_count > 0
),

-- What each store adds to the estimate, in sum nothing; stores are compared with themselves where
-- controls are their own categories.
contributions as (
    select
        observed.promotion_id,
        observed.measure,
        case when methods.is_paired then 'both' else observed.arm end as side,
        observed.store_id,
        sum(
            case when observed.arm = 'treated' then 1 else -1 end
            * (observed.during - observed.before)
        ) as difference,
        sum(
            case
                when methods.method = 'difference' and observed.arm = 'treated'
                    then observed.during - observed.before
                when methods.method = 'difference'
                    then -(observed.during - observed.before)
                when methods.method = 'counterfactual' and observed.arm = 'treated'
                    then
                        observed.during
                        - observed.before * methods.control_during / methods.control_before
                when methods.method = 'counterfactual'
                    then
                        -(
                            observed.during
                            - observed.before * methods.control_during / methods.control_before
                        )
                        * methods.treated_before / methods.control_before
                when observed.arm = 'treated'
                    then
                        observed.during / methods.treated_during
                        - observed.before / methods.treated_before
                else
                    observed.before / methods.control_before
                    - observed.during / methods.control_during
            end
        ) as contribution
    from observed
    inner join methods
        on
            observed.promotion_id = methods.promotion_id
            and observed.measure = methods.measure
    group by
        observed.promotion_id,
        observed.measure,
        case when methods.is_paired then 'both' else observed.arm end,
        observed.store_id
),

spreads as (
    select
        promotion_id,
        measure,
        side,
        count(*) as store_count,
        var_samp(contribution) as spread,
        var_samp(contribution) / count(*) as variance,
        var_samp(difference) / count(*) as difference_variance
    from contributions
    group by promotion_id, measure, side
),

-- One store alone has no spread: that of the controls stands in, larger for a smaller store.
variances as (
    select
        methods.promotion_id,
        methods.measure,
        case
            when methods.is_paired then both_sides.variance
            when treated.store_count = 1
                then
                    controls.variance
                    + controls.spread * greatest(
                        methods.control_before / nullif(methods.treated_before, 0), 1
                    )
            else treated.variance + controls.variance
        end as variance,
        case
            when methods.is_paired then both_sides.difference_variance
            else treated.difference_variance + controls.difference_variance
        end as difference_variance,
        -- Welch and Satterthwaite.
        case
            when methods.is_paired then both_sides.store_count - 1
            when treated.store_count = 1 then controls.store_count - 1
            else
                power(treated.variance + controls.variance, 2)
                / nullif(
                    power(treated.variance, 2) / nullif(treated.store_count - 1, 0)
                    + power(controls.variance, 2) / nullif(controls.store_count - 1, 0),
                    0
                )
        end as degrees_of_freedom
    from methods
    left join spreads as both_sides
        on
            methods.promotion_id = both_sides.promotion_id
            and methods.measure = both_sides.measure
            and both_sides.side = 'both'
    left join spreads as treated
        on
            methods.promotion_id = treated.promotion_id
            and methods.measure = treated.measure
            and treated.side = 'treated'
    left join spreads as controls
        on
            methods.promotion_id = controls.promotion_id
            and methods.measure = controls.measure
            and controls.side = 'control'
),

quantiles as (
    select
        degrees_of_freedom,
        lead(degrees_of_freedom) over (order by degrees_of_freedom) as next_degrees,
        t_quantile
    from {{ ref('t_quantiles') }}
),

estimated as (
    select
        methods.*,
        variances.degrees_of_freedom,
        sqrt(variances.variance) as standard_error,
        sqrt(variances.difference_variance) as difference_standard_error,
        coalesce(quantiles.t_quantile, 1.959964) as t_quantile,
        case methods.method
            when 'difference'
                then
                    methods.treated_during
                    - methods.treated_before
                    - methods.control_during
                    + methods.control_before
            when 'counterfactual'
                then
                    methods.treated_during
                    - methods.treated_before * methods.control_during / methods.control_before
            else
                ln(methods.treated_during / methods.treated_before)
                - ln(methods.control_during / methods.control_before)
        end as estimate
    from methods
    inner join variances
        on
            methods.promotion_id = variances.promotion_id
            and methods.measure = variances.measure
    left join quantiles
        on
            variances.degrees_of_freedom >= quantiles.degrees_of_freedom
            and (
                variances.degrees_of_freedom < quantiles.next_degrees
                or quantiles.next_degrees is null
            )
),

-- Logarithms are held within what a number can be: e^20 is half a thousand million.
bounded as (
    select
        estimated.*,
        bounds.place,
        case
            -- Least and greatest would make a number of it.
            when bounds.value is null then null
            when estimated.method = 'log ratio'
                then
                    estimated.treated_during
                    * (1 - exp(-least(greatest(bounds.value, -20), 20)))
            else bounds.value
        end as effect
    from estimated
    cross join
        lateral (
            values
            ('middle', estimated.estimate),
            ('low', estimated.estimate - estimated.t_quantile * estimated.standard_error),
            ('high', estimated.estimate + estimated.t_quantile * estimated.standard_error)
        ) as bounds (place, value)
),

shared as (
    select
        *,
        -- By what would have been sold: in the difference form it is taken as known.
        case
            when measure = 'margin' then null
            when method = 'difference' and treated_during > estimate
                then least(greatest(effect / (treated_during - estimate), -1e9), 1e9)
            when method <> 'difference' and treated_during > effect
                then least(greatest(effect / (treated_during - effect), -1e9), 1e9)
        end as effect_ratio
    from bounded
),

final as (
    select
        promotion_id,
        measure,
        method,
        max(treated_count) as treated_store_count,
        max(control_count) as control_store_count,
        cast(max(treated_before) as numeric(24, 6)) as treated_before,
        cast(max(treated_during) as numeric(24, 6)) as treated_during,
        cast(max(control_before) as numeric(24, 6)) as control_before,
        cast(max(control_during) as numeric(24, 6)) as control_during,
        cast(
            max(treated_during - treated_before - control_during + control_before)
            as numeric(24, 6)
        ) as difference,
        cast(max(difference_standard_error) as numeric(24, 6)) as difference_standard_error,
        cast(
            max(
                case
                    when treated_before > 0 and control_before > 0 and control_during > 0
                        then
                            (treated_during / treated_before)
                            / (control_during / control_before) - 1
                end
            ) as numeric(24, 6)
        ) as ratio,
        cast(max(standard_error) as numeric(24, 6)) as standard_error,
        cast(max(degrees_of_freedom) as numeric(24, 6)) as degrees_of_freedom,
        cast(max(t_quantile) as numeric(12, 6)) as t_quantile,
        cast(max(effect) filter (where place = 'middle') as numeric(24, 6)) as effect,
        cast(max(effect) filter (where place = 'low') as numeric(24, 6)) as low_effect,
        cast(max(effect) filter (where place = 'high') as numeric(24, 6)) as high_effect,
        cast(max(effect_ratio) filter (where place = 'middle') as numeric(24, 6))
            as effect_ratio,
        cast(max(effect_ratio) filter (where place = 'low') as numeric(24, 6))
            as low_effect_ratio,
        cast(max(effect_ratio) filter (where place = 'high') as numeric(24, 6))
            as high_effect_ratio
    from shared
    group by promotion_id, measure, method
)

select * from final
