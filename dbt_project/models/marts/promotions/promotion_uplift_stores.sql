-- The rows behind a verdict: what the stores of a promotion, and those that it is compared with,
-- sold on a day before, with the weekdays of the promotion, and on a day of it.
with

windows as (
    select * from {{ ref('promotion_windows') }}
    where treated_store_count > 0 and before_day_count > 0 and during_day_count > 0
),

cells as (
    select * from {{ ref('promotion_cells') }}
),

taking_part as (
    select * from {{ ref('promotion_stores') }}
),

-- Another promotion after this one hides whether purchases were brought forward.
followed as (
    select distinct
        windows.promotion_id,
        others.store_id
    from windows
    inner join taking_part on windows.promotion_id = taking_part.promotion_id
    inner join taking_part as others
        on
            taking_part.store_id = others.store_id
            and windows.promotion_id <> others.promotion_id
            and windows.after_last_date >= others.start_date
            and windows.during_last_date < others.end_date
    where
        others.product_category = windows.product_category
        or 'ALL' in (others.product_category, windows.product_category)
),

kinds as (
    select
        promotion_id,
        control_kind,
        bool_and(is_counted_after) as is_counted_after
    from {{ ref('promotion_controls') }}
    group by promotion_id, control_kind
),

members as (
    select
        windows.promotion_id,
        'treated' as arm,
        taking_part.store_id,
        kinds.control_kind,
        case when windows.scope = 'products' then 'products' else 'category' end as part,
        followed.store_id is null as is_counted_after
    from windows
    inner join taking_part on windows.promotion_id = taking_part.promotion_id
    left join followed
        on
            windows.promotion_id = followed.promotion_id
            and taking_part.store_id = followed.store_id
    left join kinds on windows.promotion_id = kinds.promotion_id
    union all
    select
        windows.promotion_id,
        'control' as arm,
        controls.control_id as store_id,
        controls.control_kind,
        case when windows.scope = 'products' then 'products' else 'category' end as part,
        controls.is_counted_after
    from windows
    inner join {{ ref('promotion_controls') }} as controls
        on windows.promotion_id = controls.promotion_id and controls.control_kind = 'stores'
    union all
    select
        windows.promotion_id,
        'control' as arm,
        taking_part.store_id,
        kinds.control_kind,
        'control' as part,
        kinds.is_counted_after
    from windows
    inner join kinds
        on windows.promotion_id = kinds.promotion_id and kinds.control_kind = 'categories'
    inner join taking_part on windows.promotion_id = taking_part.promotion_id
),

sold as (
    select
        store_id,
        product_category,
        sum(unit_count) as unit_count,
        sum(net_amount) as net_amount
    from {{ ref('store_category_days') }}
    group by store_id, product_category
),

-- What naive comparisons take for usual: any other day of the same stores.
all_days as (
    select
        windows.promotion_id,
        cells.store_id,
        'category' as part,
        sum(cells.unit_count) as unit_count,
        sum(cells.net_amount) as net_amount
    from windows
    inner join taking_part on windows.promotion_id = taking_part.promotion_id
    inner join sold as cells
        on
            taking_part.store_id = cells.store_id
            and windows.product_category = cells.product_category
    group by windows.promotion_id, cells.store_id
    union all
    select
        promotion_id,
        store_id,
        'products' as part,
        sum(unit_count) as unit_count,
        sum(net_amount) as net_amount
    from {{ ref('promotion_product_days') }}
    group by promotion_id, store_id
),

store_days as (
    select
        store_id,
        max(max(business_date)) over () - min(business_date) + 1 as day_count
    from {{ ref('store_category_days') }}
    where product_category = 'ALL'
    group by store_id
),

measured as (
    select
        members.promotion_id,
        members.arm,
        members.store_id,
        members.control_kind,
        members.is_counted_after,
        windows.before_day_count / 7 as weeks,
        windows.before_day_count / 14 as early_weeks,
        windows.during_day_count as days,
        nullif(windows.after_day_count, 0) as after_days,
        promoted.units_early,
        promoted.units_late,
        promoted.units_before,
        promoted.units_during,
        promoted.units_after_base,
        promoted.units_after,
        promoted.plain_units_before,
        promoted.unit_squares_before,
        promoted.unit_squares_during,
        promoted.amount_before,
        promoted.amount_during,
        promoted.margin_before,
        promoted.margin_during,
        promoted.points_before,
        promoted.points_during,
        promoted.costed_amount,
        promoted.known_amount,
        case
            when members.part = 'products' and windows.product_category <> 'ALL'
                then category.amount_before - promoted.amount_before
        end as same_category_before,
        case
            when members.part = 'products' and windows.product_category <> 'ALL'
                then category.amount_during - promoted.amount_during
        end as same_category_during,
        case
            when members.part = 'control' then null
            when windows.product_category <> 'ALL'
                then assortment.amount_before - category.amount_before
            when members.part = 'products' then category.amount_before - promoted.amount_before
        end as rest_before,
        case
            when members.part = 'control' then null
            when windows.product_category <> 'ALL'
                then assortment.amount_during - category.amount_during
            when members.part = 'products' then category.amount_during - promoted.amount_during
        end as rest_during,
        case when members.arm = 'treated' then all_days.unit_count - promoted.units_during end
            as other_units,
        case when members.arm = 'treated' then all_days.net_amount - promoted.amount_during end
            as other_amount,
        nullif(store_days.day_count - windows.during_day_count, 0) as other_days
    from members
    inner join windows on members.promotion_id = windows.promotion_id
    inner join cells as promoted
        on
            members.promotion_id = promoted.promotion_id
            and members.store_id = promoted.store_id
            and members.part = promoted.part
    left join cells as category
        on
            members.promotion_id = category.promotion_id
            and members.store_id = category.store_id
            and category.part = 'category'
    left join cells as assortment
        on
            members.promotion_id = assortment.promotion_id
            and members.store_id = assortment.store_id
            and assortment.part = 'all'
    left join all_days
        on
            members.promotion_id = all_days.promotion_id
            and members.store_id = all_days.store_id
            and members.part = all_days.part
    left join store_days on members.store_id = store_days.store_id
    -- Both sides had to sell something in both windows: chosen by that, they are chosen alike.
    where promoted.units_before > 0 and promoted.units_during > 0
),

final as (
    select
        promotion_id,
        arm,
        store_id,
        control_kind,
        is_counted_after and after_days is not null as is_counted_after,
        cast(units_early / (nullif(early_weeks, 0) * days) as numeric(24, 6)) as units_early,
        cast(
            case when early_weeks > 0 then units_late / ((weeks - early_weeks) * days) end
            as numeric(24, 6)
        ) as units_late,
        cast(units_before / (weeks * days) as numeric(24, 6)) as units_before,
        cast(units_during / days as numeric(24, 6)) as units_during,
        cast(units_after_base / (weeks * after_days) as numeric(24, 6)) as units_after_base,
        cast(units_after / after_days as numeric(24, 6)) as units_after,
        cast(amount_before / (weeks * days) as numeric(24, 6)) as amount_before,
        cast(amount_during / days as numeric(24, 6)) as amount_during,
        cast(margin_before / (weeks * days) as numeric(24, 6)) as margin_before,
        cast(margin_during / days as numeric(24, 6)) as margin_during,
        cast(points_before / (weeks * days) as numeric(24, 6)) as points_before,
        cast(points_during / days as numeric(24, 6)) as points_during,
        cast(same_category_before / (weeks * days) as numeric(24, 6))
            as same_category_amount_before,
        cast(same_category_during / days as numeric(24, 6)) as same_category_amount_during,
        cast(rest_before / (weeks * days) as numeric(24, 6)) as rest_amount_before,
        cast(rest_during / days as numeric(24, 6)) as rest_amount_during,
        cast(other_units / other_days as numeric(24, 6)) as units_other_days,
        cast(other_amount / other_days as numeric(24, 6)) as amount_other_days,
        cast(plain_units_before as numeric(24, 4)) as plain_units_before,
        cast(unit_squares_before as numeric(36, 4)) as unit_squares_before,
        cast(unit_squares_during as numeric(36, 4)) as unit_squares_during,
        cast(costed_amount as numeric(24, 4)) as costed_amount,
        cast(known_amount as numeric(24, 4)) as known_amount
    from measured
)

select * from final
