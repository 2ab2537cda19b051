-- Whatever moves a customer's points, in the order in which it is worked off: docs/points.md.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id', 'posting_number']}],
    since='business_date'
) }}
{%- set standing = standing_rows(
    'points_postings',
    {
        'customer_id': 'text', 'posting_number': 'integer', 'entry_type': 'text',
        'transaction_id': 'text', 'lot_id': 'text', 'business_date': 'date',
    }
) %}
{%- set pending = 'business_date + ' ~ var('points_pending_days') %}
with

events as (
    select * from {{ ref('points_events') }}
    where event_type = 'ADJUST' and {{ of_changed_since('points_events') }}
),

earned as (
    select
        points_earned.*,
        parts.entry_type,
        parts.points
    from {{ ref('points_earned') }} as points_earned
    cross join
        lateral (
            values
            ('EARN', points_earned.base_points),
            ('BONUS', points_earned.bonus_points)
        ) as parts (entry_type, points)
    where {{ of_changed_since('points_earned') }}
),

postings as (
    select
        'OPENING' as entry_type,
        3 as step,
        customer_id,
        null as transaction_id,
        null as event_id,
        null as store_id,
        null as rule_id,
        cast(null as integer) as rule_version,
        null as promotion_id,
        {{ content_hash(["'OPENING'", 'customer_id']) }} as lot_id,
        null as link_key,
        cast(opening_points as bigint) as points,
        opened_on as business_date,
        {{ valid_through('opened_on') }} as valid_through,
        opened_on as released_on,
        cast(null as timestamptz) as posted_at,
        'customer_details' as _data_set,
        _batch_id,
        _row_number
    from {{ ref('memberships') }}
    where {{ of_changed_since('memberships', 'opened_on') }}
    union all
    select
        entry_type,
        3 as step,
        customer_id,
        transaction_id,
        null as event_id,
        store_id,
        rule_id,
        rule_version,
        promotion_id,
        lot_id,
        lot_id as link_key,
        points,
        business_date,
        valid_through,
        {{ pending }} as released_on,
        sold_at as posted_at,
        'store_sales_header' as _data_set,
        _batch_id,
        _row_number
    from earned
    union all
    select
        'BONUS' as entry_type,
        3 as step,
        customer_id,
        null as transaction_id,
        null as event_id,
        null as store_id,
        rule_id,
        rule_version,
        null as promotion_id,
        lot_id,
        null as link_key,
        bonus_points as points,
        business_date,
        valid_through,
        {{ pending }} as released_on,
        null as posted_at,
        'customer_details' as _data_set,
        _batch_id,
        _row_number
    from {{ ref('event_earnings') }}
    where {{ of_changed_since('event_earnings') }}
    union all
    select
        'ADJUST' as entry_type,
        case when points > 0 then 3 else 5 end as step,
        customer_id,
        transaction_id,
        event_id,
        null as store_id,
        null as rule_id,
        null as rule_version,
        null as promotion_id,
        case when points > 0 then {{ content_hash(["'ADJUST'", 'event_id']) }} end as lot_id,
        null as link_key,
        cast(points as bigint) as points,
        business_date,
        case when points > 0 then {{ valid_through('business_date') }} end as valid_through,
        business_date as released_on,
        event_at as posted_at,
        'points_events' as _data_set,
        _batch_id,
        _row_number
    from events
    union all
    select
        'REVERSE' as entry_type,
        4 as step,
        customer_id,
        return_transaction_id as transaction_id,
        null as event_id,
        store_id,
        rule_id,
        rule_version,
        promotion_id,
        lot_id,
        original_transaction_id as link_key,
        -points as points,
        business_date,
        null as valid_through,
        null as released_on,
        returned_at as posted_at,
        'store_sales_header' as _data_set,
        _batch_id,
        _row_number
    from {{ ref('points_reversals') }}
    where {{ of_changed_since('points_reversals') }}
    union all
    select
        'REDEEM' as entry_type,
        5 as step,
        customer_id,
        transaction_id,
        event_id,
        store_id,
        null as rule_id,
        null as rule_version,
        null as promotion_id,
        null as lot_id,
        transaction_id as link_key,
        -points as points,
        business_date,
        null as valid_through,
        null as released_on,
        redeemed_at as posted_at,
        _data_set,
        _batch_id,
        _row_number
    from {{ ref('points_redemptions') }}
    where {{ of_changed_since('points_redemptions') }}
    union all
    select
        'REFUND' as entry_type,
        6 as step,
        customer_id,
        return_transaction_id as transaction_id,
        null as event_id,
        store_id,
        null as rule_id,
        null as rule_version,
        null as promotion_id,
        {{ content_hash([
            "'REFUND'", 'return_transaction_id', 'original_transaction_id',
        ]) }} as lot_id,
        original_transaction_id as link_key,
        points,
        business_date,
        {{ valid_through('business_date') }} as valid_through,
        business_date as released_on,
        returned_at as posted_at,
        'store_sales_header' as _data_set,
        _batch_id,
        _row_number
    from {{ ref('points_refunds') }}
    where {{ of_changed_since('points_refunds') }}
),

changed as (
    {{ accounts_built_since() }}
),

-- The last posting that stands: the numbers go on from it.
numbered as (
    select
        changed.customer_id,
        standing.posting_number
    from changed
    cross join
        lateral (
            select before.posting_number
            from {{ standing }} as before
            where
                changed.customer_id = before.customer_id
                and changed.changed_from > before.business_date
            order by before.posting_number desc
            limit 1
        ) as standing
),

ordered as (
    select
        postings.*,
        cast(coalesce(numbered.posting_number, 0) + row_number() over customers as integer)
            as posting_number,
        lag(postings.lot_id) over customers as lot_before
    from postings
    left join numbered on postings.customer_id = numbered.customer_id
    where
        postings.points <> 0
        and postings.business_date <= (select as_of.business_date from {{ ref('as_of') }} as as_of)
    window
        customers as (
            partition by postings.customer_id
            order by
                postings.business_date,
                postings.step,
                postings.posted_at nulls first,
                coalesce(postings.event_id, postings.transaction_id, postings.customer_id)
                collate "C",
                postings.rule_id collate "C" nulls first,
                postings.promotion_id collate "C" nulls first,
                -- One return may take back several sales.
                case when postings.step in (4, 6) then postings.link_key end collate "C",
                postings.entry_type = 'BONUS'
        )
),

-- Reversals name their lot, refunds the sale whose redemptions they undo, by its first posting.
named as (
    select
        customer_id,
        lot_id as link_key
    from {{ ref('points_reversals') }}
    where {{ of_changed_since('points_reversals') }}
    union
    select
        customer_id,
        original_transaction_id as link_key
    from {{ ref('points_refunds') }}
    where {{ of_changed_since('points_refunds') }}
),

linked as (
    select
        ordered.customer_id,
        ordered.link_key,
        ordered.posting_number
    from ordered
    inner join named
        on ordered.customer_id = named.customer_id and ordered.link_key = named.link_key
    where ordered.entry_type in ('EARN', 'BONUS', 'REDEEM')
    union all
    select
        named.customer_id,
        named.link_key,
        standing.posting_number
    from named
    inner join changed on named.customer_id = changed.customer_id
    cross join
        lateral (
            select min(before.posting_number) as posting_number
            from {{ standing }} as before
            where
                named.customer_id = before.customer_id
                and changed.changed_from > before.business_date
                and before.entry_type in ('EARN', 'BONUS', 'REDEEM')
                and named.link_key = case
                    when before.entry_type = 'REDEEM' then before.transaction_id
                    else before.lot_id
                end
        ) as standing
    where standing.posting_number is not null
),

links as (
    select
        customer_id,
        link_key,
        min(posting_number) as posting_number
    from linked
    group by customer_id, link_key
),

final as (
    select
        ordered.customer_id,
        ordered.posting_number,
        ordered.entry_type,
        ordered.step,
        ordered.transaction_id,
        ordered.event_id,
        ordered.store_id,
        ordered.rule_id,
        ordered.rule_version,
        ordered.promotion_id,
        ordered.lot_id,
        case
            when ordered.step = 3 and ordered.lot_before = ordered.lot_id
                then ordered.posting_number - 1
            when ordered.step = 3 then ordered.posting_number
            else coalesce(links.posting_number, 0)
        end as link,
        ordered.step = 6
        or ordered.step = 3
        and ordered.points > 0
        and coalesce(ordered.lot_before <> ordered.lot_id, true) as opens_lot,
        ordered.points,
        ordered.business_date,
        ordered.valid_through,
        ordered.released_on,
        ordered.posted_at,
        ordered._data_set,
        ordered._batch_id,
        ordered._row_number
    from ordered
    left join links
        on
            ordered.step > 3
            and ordered.customer_id = links.customer_id
            and case when ordered.step = 4 then ordered.lot_id else ordered.link_key end
            = links.link_key
)

select * from final
