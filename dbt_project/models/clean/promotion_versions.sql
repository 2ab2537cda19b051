with

as_of as (
    select business_date from {{ ref('as_of') }}
),

versions as materialized (
    select
        *,
        cast(version_at at time zone 'UTC' as date) as version_date,
        row_number() over (
            partition by promotion_id order by version_at, _batch_id, _row_number
        ) as delivery_number,
        {{ content_hash([
            'promotion_name', 'applicable_category', 'channel', 'offer_type',
            'trim_scale(discount_ratio)', 'trim_scale(cost_amount)',
            'trim_scale(points_multiplier)', 'bonus_points', 'start_date', 'end_date',
        ]) }} as content
    from {{ ref('stg_promotion_details') }}
),

visible as (
    select
        versions.*,
        lag(versions.content) over (
            partition by versions.promotion_id order by versions.delivery_number
        ) as previous_content
    from versions
    cross join as_of
    where versions.delivery_number = 1 or versions.version_date <= as_of.business_date
),

changes as (
    select
        *,
        row_number() over (
            partition by promotion_id order by delivery_number
        ) as promotion_version
    from visible
    where content is distinct from previous_content or delivery_number = 1
),

final as (
    select
        promotion_id,
        cast(promotion_version as integer) as promotion_version,
        coalesce(promotion_name, promotion_id) as promotion_name,
        coalesce(applicable_category, 'ALL') as applicable_category,
        channel,
        offer_type,
        lead(promotion_version) over (
            partition by promotion_id order by promotion_version
        ) is null as is_current,
        discount_ratio,
        cost_amount,
        points_multiplier,
        bonus_points,
        start_date,
        end_date,
        case when promotion_version = 1 then date '1900-01-01' else version_date end as valid_from,
        lead(version_date) over (
            partition by promotion_id order by promotion_version
        ) as valid_to,
        _batch_id,
        _row_number
    from changes
)

select * from final
