-- Whose account may be another than at the last build: rows of purchases, returns, events or the
-- membership have changed, or a day has come on which points expire, are released or a tier is
-- reviewed. All others stand (docs/decisions/0018).
-- Besides, all follow from: {{ ref('loyalty_tiers') }}
{{ config(pre_hook="{{ begin_accounts() }}") }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

-- The row that delivered a purchase, and what depends on other rows: its lines, products, the time
-- zone of the store. A purchase that leaves the window of the tiers counts as changed.
purchase_contents as (
    select
        purchases.customer_id,
        bit_xor(
            hash_record_extended(
                row(
                    purchases._batch_id,
                    purchases._row_number,
                    purchases.has_merchandise,
                    purchases.merchandise_amount,
                    purchases.eligible_amount,
                    purchases.business_date,
                    purchases.sold_at
                ),
                case
                    when
                        purchases.business_date + {{ var('tier_window_days') }}
                        <= as_of.business_date
                        then 1
                    else 0
                end
            )
        ) as checksum
    from {{ ref('purchases') }} as purchases
    cross join as_of
    group by purchases.customer_id
),

return_contents as (
    select
        purchases.customer_id,
        bit_xor(hash_record_extended(sale_returns, 0)) as checksum
    from {{ ref('sale_returns') }} as sale_returns
    inner join as_of on sale_returns.business_date <= as_of.business_date
    inner join {{ ref('purchases') }} as purchases
        on sale_returns.original_transaction_id = purchases.transaction_id
    group by purchases.customer_id
),

event_contents as (
    select
        points_events.customer_id,
        bit_xor(
            hash_record_extended(points_events, hashtextextended(coalesce(sales.store_id, ''), 0))
        ) as checksum
    from {{ ref('points_events') }} as points_events
    inner join as_of on points_events.business_date <= as_of.business_date
    left join {{ ref('sales') }} as sales on points_events.transaction_id = sales.transaction_id
    group by points_events.customer_id
),

-- Of the lines only those that rules for a category or promotions ask about.
line_contents as (
    select
        sale_lines.customer_id,
        bit_xor(hash_record_extended(sale_lines, 0)) as checksum
    from {{ ref('sale_lines') }} as sale_lines
    where
        lower(sale_lines.product_category) in (
            select lower(loyalty_rules.product_category) as category
            from {{ ref('loyalty_rules') }} as loyalty_rules
            where loyalty_rules.product_category is not null
        )
        or sale_lines.promotion_id in (
            select promotion_versions.promotion_id
            from {{ ref('promotion_versions') }} as promotion_versions
            where promotion_versions.points_multiplier > 1 or promotion_versions.bonus_points > 0
        )
    group by sale_lines.customer_id
),

-- With the events that have come by now: opening, sign-up, birthdays.
member_contents as (
    select
        memberships.customer_id,
        hash_record_extended(
            row(
                memberships,
                customers.birth_date,
                memberships.opened_on <= as_of.business_date,
                memberships.member_since <= as_of.business_date,
                extract(year from as_of.business_date)
                - case
                    when
                        customers.birth_date
                        + make_interval(
                            years => cast(
                                extract(year from as_of.business_date)
                                - extract(year from customers.birth_date) as integer
                            )
                        ) > as_of.business_date
                        then 1
                    else 0
                end
            ),
            0
        ) as checksum
    from {{ ref('memberships') }} as memberships
    inner join {{ ref('customers') }} as customers
        on memberships.customer_id = customers.customer_id
    cross join as_of
),

contents as (
    select * from purchase_contents
    union all
    select * from return_contents
    union all
    select * from event_contents
    union all
    select * from line_contents
    union all
    select * from member_contents
),

accounts as (
    select
        customer_id,
        bit_xor(checksum) as checksum
    from contents
    where customer_id is not null
    group by customer_id
),

standing as (
    select *
    from {{ standing_rows(
        'points_accounts', {'customer_id': 'text', 'checksum': 'bigint', 'is_changed': 'boolean'}
    ) }} as rows_before
),

build as (
    select
        is_partial,
        was_complete,
        date_trunc('month', business_date + 1)
        > date_trunc('month', business_date_before + 1) as is_month_over
    from ops.account_builds
    where model = 'points_accounts'
),

due as (
    select lots.customer_id
    from {{ standing_rows(
        'points_lots',
        {
            'customer_id': 'text', 'remaining_points': 'bigint', 'is_pending': 'boolean',
            'available_from': 'date', 'valid_through': 'date',
        }
    ) }} as lots
    cross join as_of
    where
        lots.remaining_points > 0 and lots.valid_through < as_of.business_date
        or lots.is_pending and lots.available_from <= as_of.business_date
    union
    select tiers.customer_id
    from {{ standing_rows(
        'tier_history', {'customer_id': 'text', 'tier_rank': 'integer', 'is_current': 'boolean'}
    ) }} as tiers
    where
        tiers.is_current
        and tiers.tier_rank > 1
        and (select build.is_month_over from build)
),

final as (
    select
        coalesce(accounts.customer_id, standing.customer_id) as customer_id,
        accounts.checksum,
        coalesce(accounts.checksum <> standing.checksum, true)
        or due.customer_id is not null
        or not coalesce(build.is_partial, false)
        or (standing.is_changed and not build.was_complete) as is_changed
    from accounts
    full join standing on accounts.customer_id = standing.customer_id
    left join build on true
    left join due on accounts.customer_id = due.customer_id
    -- Who is there no more is told once, so that the rows go.
    where
        accounts.customer_id is not null
        or standing.checksum is not null
        or (standing.is_changed and not build.was_complete)
)

select * from final
