-- Before: whole weeks, so that every weekday is there as often as any other; as many of them (two
-- to uplift_pre_weeks) as no other promotion, and no dip after one, disturbs in these stores.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

first_day as (
    select min(business_date) as business_date from {{ ref('store_category_days') }}
),

stores as (
    select * from {{ ref('promotion_stores') }}
),

taking_part as (
    select
        promotion_id,
        min(product_category) as product_category,
        count(*) as store_count
    from stores
    group by promotion_id
),

-- Others on the same goods in the same stores.
neighbours as (
    select
        stores.promotion_id,
        others.promotion_id as other_promotion_id,
        stores.start_date,
        others.start_date as other_start_date,
        others.end_date as other_end_date
    from stores
    inner join stores as others
        on
            stores.store_id = others.store_id
            and stores.promotion_id <> others.promotion_id
            and (
                stores.product_category = others.product_category
                or 'ALL' in (stores.product_category, others.product_category)
            )
),

disturbed as (
    select
        promotion_id,
        max(
            least(other_end_date + {{ var('uplift_dip_days') }}, start_date - 1)
        ) as last_date
    from neighbours
    where other_start_date < start_date
    group by promotion_id
),

parts as (
    select
        promotion_id,
        count(*) as product_count
    from {{ ref('promotion_products') }}
    group by promotion_id
),

bounded as (
    select
        promotions.promotion_id,
        coalesce(taking_part.product_category, 'ALL') as product_category,
        case when parts.promotion_id is not null then 'products' else 'category' end as scope,
        coalesce(taking_part.store_count, 0) as treated_store_count,
        coalesce(parts.product_count, 0) as product_count,
        greatest(
            least(
                {{ var('uplift_pre_weeks') }},
                (promotions.start_date - first_day.business_date) / 7,
                greatest(
                    (promotions.start_date - 1 - coalesce(disturbed.last_date, '1900-01-01')) / 7,
                    2
                )
            ), 0
        ) as weeks,
        promotions.start_date,
        promotions.end_date,
        least(promotions.end_date, as_of.business_date) as last_date,
        least(promotions.end_date + {{ var('uplift_dip_days') }}, as_of.business_date)
            as after_last_date,
        as_of.business_date
    from {{ ref('promotions') }} as promotions
    cross join as_of
    cross join first_day
    left join taking_part on promotions.promotion_id = taking_part.promotion_id
    left join disturbed on promotions.promotion_id = disturbed.promotion_id
    left join parts on promotions.promotion_id = parts.promotion_id
    where promotions.start_date <= promotions.end_date
),

overlapping as (
    select
        bounded.promotion_id,
        count(distinct neighbours.other_promotion_id) as promotion_count,
        string_agg(
            distinct neighbours.other_promotion_id collate "C", ', '
            order by neighbours.other_promotion_id collate "C"
        ) as promotions
    from bounded
    inner join neighbours
        on
            bounded.promotion_id = neighbours.promotion_id
            and bounded.last_date >= neighbours.other_start_date
            and neighbours.other_end_date >= bounded.start_date - 7 * bounded.weeks
    group by bounded.promotion_id
),

final as (
    select
        bounded.promotion_id,
        bounded.product_category,
        bounded.scope,
        bounded.treated_store_count,
        bounded.product_count,
        cast(7 * bounded.weeks as integer) as before_day_count,
        greatest(bounded.last_date - bounded.start_date + 1, 0) as during_day_count,
        greatest(bounded.after_last_date - bounded.end_date, 0) as after_day_count,
        coalesce(bounded.end_date <= bounded.business_date, false) as is_complete,
        coalesce(overlapping.promotion_count, 0) as overlapping_count,
        overlapping.promotions as overlapping_promotions,
        bounded.start_date - 7 * bounded.weeks as before_first_date,
        bounded.start_date,
        bounded.end_date,
        bounded.last_date as during_last_date,
        bounded.after_last_date
    from bounded
    left join overlapping on bounded.promotion_id = overlapping.promotion_id
)

select * from final
