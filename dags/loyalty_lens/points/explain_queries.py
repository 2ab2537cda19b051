"""What `lens explain` reads: one customer's rows for the models, and the models' answers."""

KEPT = "select merged_into from clean.customer_merges where customer_id = %s"
# One customer in the place of all. Postings are those of today's marts: what is known by now.
OF_CUSTOMER = {
    "customers": "select * from clean.customers where customer_id = %s",
    "memberships": "select * from clean.memberships where customer_id = %s",
    "sales": "select * from clean.sales where customer_id = %s",
    "sale_lines": """
        select sale_lines.* from clean.sale_lines as sale_lines
        inner join pg_temp.sales as sales on sale_lines.transaction_id = sales.transaction_id
        where sales.customer_id = %s
    """,
    "sale_returns": "select * from clean.sale_returns where customer_id = %s",
    "points_postings": """
        select points_postings.*
        from marts.points_postings as points_postings
        inner join pg_temp.as_of as as_of on points_postings.business_date <= as_of.business_date
        where points_postings.customer_id = %s
    """,
}
BALANCE = """
select
    balance, available_points as available, pending_points as pending, debt_points as debt,
    next_expiry_date, next_expiry_points
from pg_temp.points_balances
"""
MOVEMENTS = """
select entry_type, cast(sum(points) as bigint) as points
from pg_temp.points_ledger group by entry_type order by entry_type
"""
# In the order in which they are drawn from.
LOTS = """
select
    lots.lot_id, lots.opened_by, lots.business_date as opened_on, lots.transaction_id,
    lots.event_id, lots.store_id, lots.rule_id, lots.promotion_id, lots.rule_version as version,
    coalesce(rules.rule_name, promotions.promotion_name) as name,
    coalesce(earned.base_amount, promoted.promoted_amount) as amount,
    earned.points_per_unit_spend as rate,
    lots.original_points as original, lots.repaid_points as repaid,
    lots.redeemed_points as spent, lots.reversed_points as reversed,
    lots.adjusted_points as adjusted, lots.refunded_points as refunded,
    lots.expired_points as expired, lots.remaining_points as remaining, lots.is_pending,
    lots.available_from, lots.valid_through,
    batches.source_file, lots._batch_id, lots._row_number,
    rule_batches.source_file as rule_source_file,
    rule_batches.batch_id as rule__batch_id,
    coalesce(rules._row_number, promotions._row_number) as rule__row_number
from pg_temp.points_lots as lots
left join clean.loyalty_rules as rules
    on lots.rule_id = rules.rule_id and lots.rule_version = rules.rule_version
left join clean.promotion_versions as promotions
    on
        lots.promotion_id = promotions.promotion_id
        and lots.rule_version = promotions.promotion_version
left join marts.points_earnings as earned on lots.lot_id = earned.lot_id
left join marts.promotion_earnings as promoted on lots.lot_id = promoted.lot_id
left join ops.load_batches as batches on lots._batch_id = batches.batch_id
left join ops.load_batches as rule_batches
    on coalesce(rules._batch_id, promotions._batch_id) = rule_batches.batch_id
order by
    lots.valid_through,
    (
        select min(postings.posting_number) from pg_temp.points_postings as postings
        where lots.lot_id = postings.lot_id
    )
"""
# In the order in which postings are worked off: what expires goes first on its day, but last where
# a refund to a lot that is over sends points into the same day.
ENTRIES = """
select
    entries.business_date, entries.entry_type, entries.points,
    cast(
        sum(entries.points) over (
            order by
                entries.business_date, entries.place, entries.posting_number, entries.valid_through,
                entries.entry_id
            rows between unbounded preceding and current row
        ) as bigint
    ) as balance,
    entries.lot_id, lots.business_date as lot_opened_on,
    entries.transaction_id, entries.event_id, entries.rule_id, entries.promotion_id,
    entries.rule_version as version,
    batches.source_file, entries._batch_id, entries._row_number
from (
    select
        ledger.*,
        postings.posting_number,
        case
            when ledger.entry_type <> 'EXPIRE' then 1
            when ledger.business_date = ledger.valid_through + 1 then 0
            else 2
        end as place
    from pg_temp.points_ledger as ledger
    left join lateral (
        select min(points_postings.posting_number) as posting_number
        from pg_temp.points_postings as points_postings
        where
            ledger.entry_type = points_postings.entry_type
            and ledger.business_date = points_postings.business_date
            and ledger._batch_id = points_postings._batch_id
            and ledger._row_number = points_postings._row_number
            and ledger.transaction_id is not distinct from points_postings.transaction_id
            and ledger.rule_id is not distinct from points_postings.rule_id
            and ledger.promotion_id is not distinct from points_postings.promotion_id
    ) as postings on true
) as entries
left join pg_temp.points_lots as lots on entries.lot_id = lots.lot_id
left join ops.load_batches as batches on entries._batch_id = batches.batch_id
order by
    entries.business_date, entries.place, entries.posting_number, entries.valid_through,
    entries.entry_id
"""
TIER = """
select
    standings.tier, standings.tier_since as since, standings.spend_amount as spend,
    tiers.min_spend_amount as threshold, standings.projected_tier as reached_tier,
    standings.next_tier, standings.spend_to_next_tier_amount as missing_spend,
    memberships.opening_tier as delivered_tier,
    case
        when
            memberships.opened_on <= standings.business_date
            and memberships.opened_on + floors.days > standings.business_date
            then memberships.opened_on + floors.days - 1
    end as floor_until
from pg_temp.tier_standings as standings
cross join (select cast(%s as integer) as days) as floors
inner join clean.loyalty_tiers as tiers on standings.tier = tiers.tier
left join pg_temp.memberships as memberships on standings.customer_id = memberships.customer_id
"""
