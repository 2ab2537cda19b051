-- Later: EXPIRE and REFUND, and the draw-down of lots.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

earnings as (
    select * from {{ ref('points_earnings') }}
),

events as (
    select points_events.*
    from {{ ref('points_events') }} as points_events
    inner join as_of on points_events.business_date <= as_of.business_date
),

purchases as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        purchases.points_redeemed,
        purchases.business_date,
        sales._batch_id,
        sales._row_number
    from {{ ref('purchases') }} as purchases
    inner join {{ ref('sales') }} as sales on purchases.transaction_id = sales.transaction_id
),

first_sale as (
    select min(business_date) as business_date from {{ ref('sales') }}
),

-- What a customer brought along: the points of the earliest accepted version, dated the day before
-- that file's own date or, where its name has none, the day before the first sale.
openings as (
    select
        {{ content_hash(["'OPENING'", 'customer_history.customer_id']) }} as lot_id,
        customer_history.customer_id,
        customer_history.total_loyalty_points as points,
        coalesce(
            customer_history.file_date, first_sale.business_date, customer_history.delivered_date
        ) - 1 as business_date,
        customer_history._batch_id,
        customer_history._row_number
    from {{ ref('customer_history') }} as customer_history
    inner join {{ ref('customers') }} as customers
        on customer_history.customer_id = customers.customer_id
    cross join first_sale
    where customer_history.version_number = 1 and customer_history.total_loyalty_points <> 0
),

movements as (
    select
        lot_id,
        'EARN' as entry_type,
        base_points as points
    from earnings
    union all
    select
        lot_id,
        'BONUS' as entry_type,
        bonus_points as points
    from earnings
),

returns as (
    select sale_returns.*
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
),

-- Cumulative and proportional (semantics 5): what has gone back by now, less what had before. div()
-- cuts the exact quotient, where a rounded one could reach the next whole point.
reversed_to_date as (
    select
        earnings.lot_id,
        earnings.rule_id,
        earnings.rule_version,
        earnings.valid_through,
        returns.return_transaction_id,
        earnings.customer_id,
        returns.business_date,
        returns.returned_to_date_amount,
        case
            when returns.returned_to_date_amount <= 0 then 0
            when returns.returned_to_date_amount >= earnings.merchandise_amount
                then earnings.base_points + earnings.bonus_points
            else div(
                (earnings.base_points + earnings.bonus_points) * returns.returned_to_date_amount,
                earnings.merchandise_amount
            )
        end as points_to_date,
        row_number() over (
            partition by earnings.lot_id
            order by
                returns.business_date,
                returns.returned_at,
                returns.return_transaction_id collate "C"
        ) as return_number
    from earnings
    inner join returns on earnings.transaction_id = returns.original_transaction_id
),

reversals as (
    select
        *,
        points_to_date - lag(points_to_date, 1, 0.0) over (
            partition by lot_id order by return_number
        ) as points
    from reversed_to_date
),

entries as (
    select
        'OPENING' as entry_type,
        customer_id,
        null as transaction_id,
        null as source_key,
        null as rule_id,
        null as rule_version,
        lot_id,
        points,
        business_date,
        {{ valid_through('business_date') }} as valid_through,
        'customer_details' as _data_set,
        _batch_id,
        _row_number
    from openings
    union all
    select
        movements.entry_type,
        earnings.customer_id,
        earnings.transaction_id,
        earnings.transaction_id as source_key,
        earnings.rule_id,
        earnings.rule_version,
        earnings.lot_id,
        movements.points,
        earnings.business_date,
        earnings.valid_through,
        'store_sales_header' as _data_set,
        purchases._batch_id,
        purchases._row_number
    from earnings
    inner join purchases on earnings.transaction_id = purchases.transaction_id
    inner join movements on earnings.lot_id = movements.lot_id
    union all
    select
        'REDEEM' as entry_type,
        customer_id,
        transaction_id,
        event_id as source_key,
        null as rule_id,
        null as rule_version,
        null as lot_id,
        -abs(points) as points,
        business_date,
        null as valid_through,
        'points_events' as _data_set,
        _batch_id,
        _row_number
    from events
    where event_type = 'REDEEM'
    union all
    -- A redemption that an event of the customer tells as well is told once, by the event.
    select
        'REDEEM' as entry_type,
        purchases.customer_id,
        purchases.transaction_id,
        null as source_key,
        null as rule_id,
        null as rule_version,
        null as lot_id,
        -purchases.points_redeemed as points,
        purchases.business_date,
        null as valid_through,
        'store_sales_header' as _data_set,
        purchases._batch_id,
        purchases._row_number
    from purchases
    where
        purchases.points_redeemed > 0
        and not exists (
            select from events
            where
                events.event_type = 'REDEEM'
                and events.points <> 0
                and purchases.transaction_id = events.transaction_id
                and purchases.customer_id = events.customer_id
        )
    union all
    select
        'ADJUST' as entry_type,
        customer_id,
        transaction_id,
        event_id as source_key,
        null as rule_id,
        null as rule_version,
        case when points > 0 then {{ content_hash(["'ADJUST'", 'event_id']) }} end as lot_id,
        points,
        business_date,
        case when points > 0 then {{ valid_through('business_date') }} end as valid_through,
        'points_events' as _data_set,
        _batch_id,
        _row_number
    from events
    where event_type = 'ADJUST'
    union all
    select
        'REVERSE' as entry_type,
        reversals.customer_id,
        reversals.return_transaction_id as transaction_id,
        reversals.lot_id as source_key,
        reversals.rule_id,
        reversals.rule_version,
        reversals.lot_id,
        -reversals.points as points,
        reversals.business_date,
        reversals.valid_through,
        'store_sales_header' as _data_set,
        sales._batch_id,
        sales._row_number
    from reversals
    inner join {{ ref('sales') }} as sales
        on reversals.return_transaction_id = sales.transaction_id
),

final as (
    select
        {{ content_hash([
            'entries.entry_type', 'entries.customer_id', 'entries.transaction_id',
            'entries.source_key', 'entries.rule_id', 'entries.rule_version',
        ]) }} as entry_id,
        entries.customer_id,
        entries.transaction_id,
        entries.entry_type,
        entries.rule_id,
        entries.rule_version,
        entries.lot_id,
        cast(entries.points as bigint) as points,
        entries.business_date,
        entries.valid_through,
        entries._data_set,
        entries._batch_id,
        entries._row_number
    from entries
    inner join as_of on entries.business_date <= as_of.business_date
    where entries.points <> 0
)

select * from final
