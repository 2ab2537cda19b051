with

as_of as (
    select business_date from {{ ref('as_of') }}
),

versions as materialized (
    select
        *,
        cast(version_at at time zone 'UTC' as date) as version_date,
        dense_rank() over (order by _arrival_date, _file_date nulls first) = 1 as is_first_delivery,
        row_number() over (
            partition by rule_id order by version_at, _batch_id, _row_number
        ) as delivery_number,
        {{ content_hash([
            'rule_name', 'rule_group', 'event', 'product_category', 'store_id', 'tier', 'weekdays',
            'is_first_purchase_only', 'is_active', 'trim_scale(points_per_unit_spend)',
            'trim_scale(min_spend_threshold)', 'bonus_points', 'max_points', 'inactive_days',
            'start_date', 'end_date',
        ]) }} as content
    from {{ ref('stg_loyalty_rules') }}
),

visible as (
    select
        versions.*,
        lag(versions.content) over (
            partition by versions.rule_id order by versions.delivery_number
        ) as previous_content
    from versions
    cross join as_of
    where versions.is_first_delivery or versions.version_date <= as_of.business_date
),

changes as (
    select
        *,
        row_number() over (partition by rule_id order by delivery_number) as rule_version
    from visible
    where content is distinct from previous_content
),

-- The first version is in force from its start date, without one from the beginning. A later one is
-- from its own date, or from a start date still to come then: what was earned before stays.
dated as (
    select
        *,
        case
            when rule_version = 1 then coalesce(start_date, date '1900-01-01')
            else greatest(start_date, version_date)
        end as valid_from
    from changes
),

final as (
    select
        dated.rule_id,
        cast(dated.rule_version as integer) as rule_version,
        coalesce(dated.rule_name, dated.rule_id) as rule_name,
        dated.rule_group,
        coalesce(dated.event, 'PURCHASE') as event,
        case when upper(dated.product_category) <> 'ALL' then dated.product_category end
            as product_category,
        dated.store_id,
        dated.tier,
        loyalty_tiers.tier_rank,
        dated.weekdays,
        coalesce(dated.is_first_purchase_only, false) as is_first_purchase_only,
        coalesce(dated.is_active, true) as is_active,
        dated.points_per_unit_spend,
        dated.min_spend_threshold,
        coalesce(dated.bonus_points, 0) as bonus_points,
        dated.max_points,
        coalesce(
            dated.inactive_days,
            case when dated.event = 'WIN_BACK' then {{ var('at_risk_days') }} end
        ) as inactive_days,
        dated.start_date,
        dated.end_date,
        dated.valid_from,
        min(dated.valid_from) over (
            partition by dated.rule_id order by dated.rule_version
            rows between 1 following and unbounded following
        ) as valid_to,
        dated._batch_id,
        dated._row_number
    from dated
    left join {{ ref('loyalty_tiers') }} as loyalty_tiers on {{ names_tier('dated.tier') }}
)

select * from final
