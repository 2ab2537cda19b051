-- With what a promotion is compared: stores without any promotion on the same goods from the first
-- day before to its last; where there are not two of them, the categories of its own stores that no
-- promotion touched.
with

windows as (
    select * from {{ ref('promotion_windows') }}
    where treated_store_count > 0 and before_day_count > 0 and during_day_count > 0
),

taking_part as (
    select * from {{ ref('promotion_stores') }}
),

stores as (
    select
        store_id,
        min(business_date) as first_date,
        max(business_date) as last_date
    from {{ ref('store_category_days') }}
    where product_category = 'ALL'
    group by store_id
),

categories as (
    select distinct product_category
    from {{ ref('store_category_days') }}
    where product_category <> 'ALL'
),

-- Open all the time, but for a week at either end.
open_stores as (
    select
        windows.promotion_id,
        windows.product_category,
        stores.store_id,
        windows.before_first_date,
        windows.during_last_date,
        windows.after_last_date
    from windows
    inner join stores
        on
            windows.before_first_date + 6 >= stores.first_date
            and windows.during_last_date - 6 <= stores.last_date
    where
        not exists (
            select from taking_part
            where
                windows.promotion_id = taking_part.promotion_id
                and stores.store_id = taking_part.store_id
        )
),

disturbed_stores as (
    select
        open_stores.promotion_id,
        open_stores.store_id,
        bool_or(taking_part.start_date <= open_stores.during_last_date) as is_disturbed
    from open_stores
    inner join taking_part
        on
            open_stores.store_id = taking_part.store_id
            and (
                open_stores.product_category = taking_part.product_category
                or 'ALL' in (open_stores.product_category, taking_part.product_category)
            )
            and open_stores.before_first_date <= taking_part.end_date
            and greatest(open_stores.during_last_date, open_stores.after_last_date)
            >= taking_part.start_date
    group by open_stores.promotion_id, open_stores.store_id
),

control_stores as (
    select
        open_stores.promotion_id,
        open_stores.store_id,
        disturbed_stores.promotion_id is null as is_counted_after,
        count(*) over (partition by open_stores.promotion_id) as control_count
    from open_stores
    left join disturbed_stores
        on
            open_stores.promotion_id = disturbed_stores.promotion_id
            and open_stores.store_id = disturbed_stores.store_id
    where not coalesce(disturbed_stores.is_disturbed, false)
),

without_stores as (
    select * from windows
    where
        product_category <> 'ALL'
        and not exists (
            select from control_stores
            where
                windows.promotion_id = control_stores.promotion_id
                and control_stores.control_count >= 2
        )
),

disturbed_categories as (
    select
        without_stores.promotion_id,
        others.product_category,
        bool_or(others.start_date <= without_stores.during_last_date) as is_disturbed
    from without_stores
    inner join taking_part on without_stores.promotion_id = taking_part.promotion_id
    inner join taking_part as others
        on
            taking_part.store_id = others.store_id
            and without_stores.before_first_date <= others.end_date
            and greatest(without_stores.during_last_date, without_stores.after_last_date)
            >= others.start_date
            and taking_part.promotion_id <> others.promotion_id
    group by without_stores.promotion_id, others.product_category
),

control_categories as (
    select
        without_stores.promotion_id,
        categories.product_category,
        not coalesce(bool_or(disturbed.is_disturbed is not null), false) as is_counted_after
    from without_stores
    inner join categories on without_stores.product_category <> categories.product_category
    left join disturbed_categories as disturbed
        on
            without_stores.promotion_id = disturbed.promotion_id
            and disturbed.product_category in (categories.product_category, 'ALL')
    group by without_stores.promotion_id, categories.product_category
    having not coalesce(bool_or(disturbed.is_disturbed), false)
),

final as (
    select
        promotion_id,
        'stores' as control_kind,
        store_id as control_id,
        is_counted_after
    from control_stores
    where promotion_id not in (select without_stores.promotion_id from without_stores)
    union all
    select
        promotion_id,
        'categories' as control_kind,
        product_category as control_id,
        is_counted_after
    from control_categories
)

select * from final
