with

as_of as (
    select business_date from {{ ref('as_of') }}
),

versions as materialized (
    select
        *,
        row_number() over (
            partition by promotion_id order by version_at, _batch_id, _row_number
        ) as version_number
    from {{ ref('stg_promotion_details') }}
),

current_versions as (
    select distinct on (versions.promotion_id) versions.*
    from versions
    cross join as_of
    where
        versions.version_number = 1
        or cast(versions.version_at at time zone 'UTC' as date) <= as_of.business_date
    order by versions.promotion_id asc, versions.version_number desc
),

final as (
    select
        promotion_id,
        coalesce(promotion_name, promotion_id) as promotion_name,
        coalesce(applicable_category, 'ALL') as applicable_category,
        channel,
        offer_type,
        discount_ratio,
        cost_amount,
        points_multiplier,
        bonus_points,
        start_date,
        end_date,
        _batch_id,
        _row_number
    from current_versions
)

select * from final
