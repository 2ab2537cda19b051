-- Weighted sums of the days before, during and after: of what each promotion is measured on, of its
-- category, and of the whole assortment, in every store, those that took no part included.
-- Weights are whole numbers, so that every sum is exact in any order.
with

windows as (
    select * from {{ ref('promotion_windows') }}
),

wanted as (
    select
        days.*,
        windows.product_category,
        'category' as part
    from {{ ref('promotion_days') }} as days
    inner join windows on days.promotion_id = windows.promotion_id
    union all
    select
        days.*,
        controls.control_id as product_category,
        'control' as part
    from {{ ref('promotion_days') }} as days
    inner join {{ ref('promotion_controls') }} as controls
        on days.promotion_id = controls.promotion_id and controls.control_kind = 'categories'
),

cells as (
    select
        wanted.promotion_id,
        cells.store_id,
        wanted.part,
        wanted.period,
        wanted.is_early,
        wanted.is_late,
        wanted.during_weight,
        wanted.after_weight,
        cells.unit_count,
        cells.net_amount,
        cells.costed_amount,
        cells.costed_amount
        - cells.cost_amount
        - cells.point_count * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }}
            as margin_amount,
        cells.point_count
    from wanted
    inner join {{ ref('store_category_days') }} as cells
        on
            wanted.business_date = cells.business_date
            and wanted.product_category = cells.product_category
    union all
    select
        days.promotion_id,
        cells.store_id,
        'products' as part,
        days.period,
        days.is_early,
        days.is_late,
        days.during_weight,
        days.after_weight,
        cells.unit_count,
        cells.net_amount,
        cells.costed_amount,
        cells.costed_amount
        - cells.cost_amount
        - cells.point_count * {{ setting('point_cost', 'LENS_POINT_COST', '0.01') }}
            as margin_amount,
        cells.point_count
    from {{ ref('promotion_days') }} as days
    inner join {{ ref('promotion_product_days') }} as cells
        on
            days.promotion_id = cells.promotion_id
            and days.business_date = cells.business_date
),

-- Of the whole assortment the revenue is enough, for what happened to the rest of the baskets.
assortment as (
    select
        days.promotion_id,
        cells.store_id,
        cast(
            coalesce(sum(cells.net_amount * days.during_weight) filter (
                where days.period = 'before'
            ), 0) as numeric(36, 6)
        ) as amount_before,
        cast(
            coalesce(sum(cells.net_amount) filter (where days.period = 'during'), 0)
            as numeric(36, 6)
        ) as amount_during
    from {{ ref('promotion_days') }} as days
    inner join windows
        on days.promotion_id = windows.promotion_id and windows.product_category <> 'ALL'
    inner join {{ ref('store_category_days') }} as cells
        on days.business_date = cells.business_date and cells.product_category = 'ALL'
    where days.period <> 'after'
    group by days.promotion_id, cells.store_id
),

measured as (
    select
        promotion_id,
        store_id,
        part,
        cast(
            coalesce(sum(unit_count * during_weight) filter (where is_early), 0)
            as numeric(36, 6)
        ) as units_early,
        cast(
            coalesce(sum(unit_count * during_weight) filter (where is_late), 0)
            as numeric(36, 6)
        ) as units_late,
        cast(
            coalesce(sum(unit_count * during_weight) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as units_before,
        cast(
            coalesce(sum(unit_count) filter (where period = 'during'), 0)
            as numeric(36, 6)
        ) as units_during,
        cast(
            coalesce(sum(unit_count * after_weight) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as units_after_base,
        cast(
            coalesce(sum(unit_count) filter (where period = 'after'), 0)
            as numeric(36, 6)
        ) as units_after,
        cast(
            coalesce(sum(unit_count) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as plain_units_before,
        cast(
            coalesce(sum(unit_count * unit_count) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as unit_squares_before,
        cast(
            coalesce(sum(unit_count * unit_count) filter (where period = 'during'), 0)
            as numeric(36, 6)
        ) as unit_squares_during,
        cast(
            coalesce(sum(net_amount * during_weight) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as amount_before,
        cast(
            coalesce(sum(net_amount) filter (where period = 'during'), 0)
            as numeric(36, 6)
        ) as amount_during,
        cast(
            coalesce(sum(margin_amount * during_weight) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as margin_before,
        cast(
            coalesce(sum(margin_amount) filter (where period = 'during'), 0)
            as numeric(36, 6)
        ) as margin_during,
        cast(
            coalesce(sum(point_count * during_weight) filter (where period = 'before'), 0)
            as numeric(36, 6)
        ) as points_before,
        cast(
            coalesce(sum(point_count) filter (where period = 'during'), 0)
            as numeric(36, 6)
        ) as points_during,
        cast(
            coalesce(sum(costed_amount) filter (where period <> 'after'), 0)
            as numeric(36, 6)
        ) as costed_amount,
        cast(
            coalesce(sum(net_amount) filter (where period <> 'after'), 0)
            as numeric(36, 6)
        ) as known_amount
    from cells
    group by promotion_id, store_id, part
),

final as (
    select * from measured
    union all
    select
        assortment.promotion_id,
        assortment.store_id,
        'all' as part,
        0 as units_early,
        0 as units_late,
        0 as units_before,
        0 as units_during,
        0 as units_after_base,
        0 as units_after,
        0 as plain_units_before,
        0 as unit_squares_before,
        0 as unit_squares_during,
        assortment.amount_before,
        assortment.amount_during,
        0 as margin_before,
        0 as margin_during,
        0 as points_before,
        0 as points_during,
        0 as costed_amount,
        0 as known_amount
    from assortment
)

select * from final
