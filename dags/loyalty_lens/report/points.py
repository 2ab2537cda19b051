"""The points of the summary: issued and spent, what they will cost, and who holds which tier."""

from dataclasses import dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection  # noqa: N812
from rich.console import Console

ENTRIES = "select entry_type, sum(points) from marts.points_ledger group by entry_type"
OUTSTANDING = """
select
    coalesce(sum(available_points + pending_points), 0), coalesce(sum(debt_points), 0),
    (select coalesce(sum(liability_amount), 0) from marts.points_liability)
from marts.points_balances
"""
TIERS = """
select tier, count(*) from marts.tier_standings group by tier, tier_rank order by tier_rank
"""
OTHER_TIERS = """
select compared_with_delivered, count(*) from marts.tier_standings
where compared_with_delivered not in ('same', 'not delivered')
group by compared_with_delivered order by count(*) desc, compared_with_delivered
"""
IDLE_RULES = """
select distinct rule_id, rule_name
from clean.loyalty_rules
where
    is_active
    and (
        tier is not null and tier_rank is null
        or event in ('SIGN_UP', 'BIRTHDAY')
        and (
            store_id is not null or product_category is not null or inactive_days is not null
            or is_first_purchase_only
        )
    )
order by rule_id
"""


@dataclass(frozen=True)
class Points:
    """What the points marts say as of the business date."""

    entries: dict[str, int]  # entry type: points, signed
    outstanding: int  # points that customers hold, pending ones included
    debt: int  # points that customers owe
    liability: Decimal  # money that the outstanding points are expected to cost
    tiers: dict[str, int]  # tier: customers, lowest first
    other_tiers: dict[str, int]  # why the tier differs from the delivered status: customers
    idle_rules: tuple[str, ...]  # rules that can never match


def points(connection: Connection) -> Points:
    """Reads the points marts of the last build."""
    with connection.cursor() as cursor:

        def rows(query: str) -> list[tuple[str, int]]:
            cursor.execute(query)
            return cursor.fetchall()

        cursor.execute(OUTSTANDING)
        outstanding, debt, liability = cursor.fetchone() or (0, 0, Decimal())
        return Points(
            entries={kind: int(total) for kind, total in rows(ENTRIES)},
            outstanding=int(outstanding),
            debt=int(debt),
            liability=Decimal(liability),
            tiers=dict(rows(TIERS)),
            other_tiers=dict(rows(OTHER_TIERS)),
            idle_rules=tuple(f"{rule} {name or ''}".strip() for rule, name in rows(IDLE_RULES)),
        )


def show_points(console: Console, figures: Points, currency: str) -> None:
    """Three lines: points by kind, what is outstanding and its cost, tiers."""

    def total(*kinds: str) -> str:
        return f"{abs(sum(figures.entries.get(kind, 0) for kind in kinds)):,}"

    console.print(
        f"Points issued {total('EARN', 'BONUS')}, opening {total('OPENING')},"
        f" redeemed {total('REDEEM')}, expired {total('EXPIRE')}, reversed {total('REVERSE')},"
        f" refunded {total('REFUND')}"
    )
    owed = f", {figures.debt:,} owed" if figures.debt else ""
    console.print(
        f"Points outstanding {figures.outstanding:,}{owed}; liability"
        f" {currency} {figures.liability:,.2f}"
    )
    tiers = ", ".join(f"{tier} {count:,}" for tier, count in figures.tiers.items())
    others = "; ".join(f"{count:,} {why}" for why, count in figures.other_tiers.items())
    differ = sum(figures.other_tiers.values())
    if tiers:
        console.print(f"Tiers: {tiers}; {differ:,} differ from the delivered status")
    if others:
        console.print(f"({others})", style="dim")
