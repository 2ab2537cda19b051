"""What `lens what-if` reads: rules of two kinds by their days, and both histories side by side."""

# A version of today that is in force on both sides of the days asked about stands twice, with the
# days on each side; a point of it is named by rule and version, as ever.
RULES = """
select (jsonb_populate_record(
    rules, jsonb_build_object('valid_to', least(rules.valid_to, cast(%s as date)))
)).*
from clean.loyalty_rules as rules where rules.valid_from < %s
union all
select (jsonb_populate_record(
    rules, jsonb_build_object('valid_from', greatest(rules.valid_from, cast(%s as date)))
)).*
from clean.loyalty_rules as rules where coalesce(rules.valid_to, 'infinity') > cast(%s as date)
union all
select * from jsonb_populate_recordset(cast(null as clean.loyalty_rules), cast(%s as jsonb))
"""
_FIGURES = """
select
    movements.*, balances.*, liability.*
from (
    select
        coalesce(sum(points) filter (where entry_type = 'EARN'), 0) as earned,
        coalesce(sum(points) filter (where entry_type = 'BONUS'), 0) as bonus,
        coalesce(-sum(points) filter (where entry_type = 'REVERSE'), 0) as reversed,
        coalesce(-sum(points) filter (where entry_type = 'EXPIRE'), 0) as expired
    from {schema}.points_ledger
) as movements
cross join (
    select
        coalesce(sum(available_points + pending_points), 0) as outstanding,
        coalesce(sum(debt_points), 0) as debt
    from {schema}.points_balances
) as balances
cross join (
    select coalesce(sum(liability_amount), 0) as liability from {schema}.points_liability
) as liability
"""
FIGURES = f"""
select figures.name, figures.today, figures.what_if, figures.name = 'liability' as is_money
from ({_FIGURES.format(schema="marts")}) as now
cross join ({_FIGURES.format(schema="pg_temp")}) as other
cross join lateral (values
    (1, 'issued', now.earned + now.bonus, other.earned + other.bonus),
    (2, 'earned', now.earned, other.earned),
    (3, 'bonus', now.bonus, other.bonus),
    (4, 'taken back for returns', now.reversed, other.reversed),
    (5, 'expired', now.expired, other.expired),
    (6, 'outstanding', now.outstanding, other.outstanding),
    (7, 'debt', now.debt, other.debt),
    (8, 'liability', now.liability, other.liability)
) as figures (place, name, today, what_if)
order by figures.place
"""  # noqa: S608  (our own names)
TIERS = """
select
    coalesce(standings.tier, '-') as tier,
    count(*) as customers,
    cast(sum(today.available_points + today.pending_points) as bigint) as outstanding_today,
    cast(sum(other.available_points + other.pending_points) as bigint) as outstanding_what_if
from marts.points_balances as today
inner join pg_temp.points_balances as other on today.customer_id = other.customer_id
left join marts.tier_standings as standings on today.customer_id = standings.customer_id
group by standings.tier, standings.tier_rank order by standings.tier_rank
"""
COUNTS = """
select
    count(*) filter (where other.balance > today.balance) as winners,
    count(*) filter (where other.balance < today.balance) as losers,
    count(*) filter (where other.balance = today.balance) as unchanged
from marts.points_balances as today
inner join pg_temp.points_balances as other on today.customer_id = other.customer_id
"""
_CHANGES = """
select
    today.customer_id, today.balance as today, other.balance as what_if,
    other.balance - today.balance as difference
from marts.points_balances as today
inner join pg_temp.points_balances as other on today.customer_id = other.customer_id
"""
GAINS = f"""
{_CHANGES} where other.balance > today.balance
order by difference desc, today.customer_id limit %s
"""
LOSSES = f"""
{_CHANGES} where other.balance < today.balance
order by difference, today.customer_id limit %s
"""
