{{ config(
    tells=['customer_id'],
    told_by=[
        'event_id', 'delivered_customer_id', 'transaction_id', 'event_type', 'reason',
        'points', 'business_date', 'event_at', '_batch_id', '_row_number'
    ]
) }}
with

events as materialized (
    select * from {{ ref('stg_points_events') }}
),

zones as (
    select
        sales.transaction_id,
        stores.time_zone
    from {{ ref('sales') }} as sales
    inner join {{ ref('stores') }} as stores on sales.store_id = stores.store_id
),

located as (
    select
        events.*,
        coalesce(mergers.merged_into, events.customer_id) as kept_customer_id,
        coalesce(
            zones.time_zone,
            '{{ setting("default_time_zone", "LENS_DEFAULT_TIME_ZONE", "UTC") }}'
        ) as time_zone
    from events
    left join zones on events.transaction_id = zones.transaction_id
    left join {{ ref('customer_merges') }} as mergers on events.customer_id = mergers.customer_id
),

final as (
    select
        event_id,
        kept_customer_id as customer_id,
        customer_id as delivered_customer_id,
        transaction_id,
        event_type,
        reason,
        points,
        cast(
            coalesce(event_at_instant at time zone time_zone, event_at_written) as date
        ) as business_date,
        coalesce(event_at_instant, event_at_written at time zone time_zone) as event_at,
        _batch_id,
        _row_number
    from located
)

select * from final
