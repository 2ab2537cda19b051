-- A redemption that an event of the customer tells as well is told once, by the event.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}]
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

events as (
    select points_events.*
    from {{ ref('points_events') }} as points_events
    inner join as_of on points_events.business_date <= as_of.business_date
    where
        points_events.event_type = 'REDEEM'
        and points_events.points <> 0
        and {{ of_changed('points_events.customer_id') }}
),

spent as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        purchases.store_id,
        purchases.points_redeemed,
        purchases.business_date,
        purchases.sold_at,
        purchases._batch_id,
        purchases._row_number
    from {{ ref('purchases') }} as purchases
    where purchases.points_redeemed > 0 and {{ of_changed('purchases.customer_id') }}
),

redemptions as (
    select
        events.customer_id,
        events.transaction_id,
        events.event_id,
        sales.store_id,
        cast(abs(events.points) as bigint) as points,
        events.business_date,
        events.event_at as redeemed_at,
        'points_events' as _data_set,
        events._batch_id,
        events._row_number
    from events
    left join {{ ref('sales') }} as sales on events.transaction_id = sales.transaction_id
    union all
    select
        spent.customer_id,
        spent.transaction_id,
        null as event_id,
        spent.store_id,
        cast(spent.points_redeemed as bigint) as points,
        spent.business_date,
        spent.sold_at as redeemed_at,
        'store_sales_header' as _data_set,
        spent._batch_id,
        spent._row_number
    from spent
    where
        not exists (
            select 1 as is_told
            from events
            where
                spent.transaction_id = events.transaction_id
                and spent.customer_id = events.customer_id
        )
),

final as (
    select
        {{ content_hash(["'REDEEM'", 'customer_id', 'transaction_id', 'event_id']) }}
            as redemption_id,
        customer_id,
        transaction_id,
        event_id,
        store_id,
        points,
        business_date,
        redeemed_at,
        _data_set,
        _batch_id,
        _row_number
    from redemptions
)

select * from final
