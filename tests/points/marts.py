"""What the SQL made of a shop, in the words of the reference, so that the two can be compared."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from tests.dbt.warehouse import NO_TESTS, POINTS, Warehouse
from tests.points.reference.model import Account, Entry, Lot, LotKey, Settings


class Source(Protocol):
    """A warehouse that answers a query."""

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...


Counts = Counter[tuple[Any, ...]]
BUILD = ("build", *NO_TESTS, "--select", POINTS)


def build_points(
    warehouse: Warehouse, as_of: dt.date | None, settings: Settings, *more: str
) -> None:
    """Builds the loyalty marts and what they need under the reference's settings."""
    given = {
        "point_cost": str(settings.point_cost),
        "points_validity_months": settings.validity_months,
        "points_expiry": settings.expiry,
        "points_pending_days": settings.pending_days,
        "points_rounding": settings.rounding,
        "reverse_threshold_bonus": settings.reverse_threshold_bonus,
    }
    if as_of:
        given["business_date"] = as_of.isoformat()
    warehouse.dbt(*BUILD, *more, "--vars", json.dumps(given))


def assert_equal(source: Source, expected: list[Account], as_of: dt.date, case: str) -> None:
    """Ledger, lots, balances and tiers are the reference's; else shows the first that differ."""
    compared = {
        "tiers": (tiers(source), expected_tiers(expected)),
        "ledger": (ledger(source), expected_ledger(expected)),
        "lots": (lots(source), expected_lots(expected)),
        "balances": (balances(source), expected_balances(expected, as_of)),
    }
    for mart, (found, wanted) in compared.items():
        differing = differences(found, wanted)
        assert not differing, "\n".join([f"{mart} on {as_of}, {case}", *differing])


def expected_ledger(accounts: Iterable[Account]) -> Counts:
    """Entries by content. What one instruction does to one lot is one entry."""
    found: Counts = Counter()
    repaid: Counts = Counter()
    for account in accounts:
        for entry in account.entries:
            # One return may take back several sales, and open a lot for each.
            key = _entry_row(entry), entry.sale, entry.lot and entry.lot.sale
            found[key] += entry.points
            repaid[key] += entry.repaid_points
    return Counter((*key[0], points, repaid[key]) for key, points in found.items())


def ledger(source: Source) -> Counts:
    return Counter(
        source.rows(
            "select ledger.customer_id, ledger.entry_type, ledger.business_date,"
            " case when ledger.entry_type <> 'EXPIRE' then ledger.event_id end,"
            " case when ledger.entry_type <> 'EXPIRE' then ledger.transaction_id end,"
            " case when ledger.entry_type <> 'EXPIRE' then ledger.rule_id end,"
            " case when ledger.entry_type <> 'EXPIRE' then ledger.rule_version end,"
            " case when ledger.entry_type <> 'EXPIRE' then ledger.promotion_id end,"
            " lots.opened_by, lots.business_date, lots.transaction_id, lots.event_id,"
            " lots.rule_id, lots.promotion_id, ledger.valid_through,"
            " cast(ledger.points as integer), cast(ledger.repaid_points as integer)"
            " from marts.points_ledger as ledger"
            " left join marts.points_lots as lots on ledger.lot_id = lots.lot_id"
        )
    )


def expected_lots(accounts: Iterable[Account]) -> Counts:
    return Counter(_lot_row(account, lot) for account in accounts for lot in account.lots)


def lots(source: Source) -> Counts:
    return Counter(
        source.rows(
            "select customer_id, opened_by, business_date, transaction_id, event_id, rule_id,"
            " promotion_id, cast(original_points as integer), cast(remaining_points as integer),"
            " valid_through, available_from from marts.points_lots"
        )
    )


def expected_balances(accounts: Iterable[Account], as_of: dt.date) -> Counts:
    """Of the customers who have an entry: balance, available, pending, debt."""
    found: Counts = Counter()
    for account in accounts:
        if account.entries:
            free = sum(x.remaining_points for x in account.lots if x.available_from <= as_of)
            waiting = sum(x.remaining_points for x in account.lots if x.available_from > as_of)
            found[account.customer_id, account.balance, free, waiting, account.debt] += 1
    return found


def balances(source: Source) -> Counts:
    return Counter(
        source.rows(
            "select customer_id, cast(balance as integer), cast(available_points as integer),"
            " cast(pending_points as integer), cast(debt_points as integer)"
            " from marts.points_balances where exists ("
            " select from marts.points_ledger"
            " where points_ledger.customer_id = points_balances.customer_id)"
        )
    )


def expected_tiers(accounts: Iterable[Account]) -> Counts:
    return Counter(
        (account.customer_id, i.tier, i.valid_from, i.valid_to)
        for account in accounts
        for i in account.tiers
    )


def tiers(source: Source) -> Counts:
    return Counter(
        source.rows("select customer_id, tier, valid_from, valid_to from marts.tier_history")
    )


def differences(found: Counts, expected: Counts, shown: int = 12) -> list[str]:
    """Rows that one side has and the other has not, those of the same customer together."""
    rows = [("SQL only", row) for row in (found - expected).elements()]
    rows += [("reference only", row) for row in (expected - found).elements()]
    rows.sort(key=lambda it: tuple(map(str, it[1])))
    return [f"{side}: {tuple(map(str, row))}" for side, row in rows][:shown]


def _key_row(key: LotKey | None) -> tuple[Any, ...]:
    if key is None:
        return (None,) * 6
    return (
        key.opened_by,
        key.business_date,
        key.transaction_id,
        key.event_id,
        key.rule_id,
        key.promotion_id,
    )


def _entry_row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.customer_id,
        entry.entry_type,
        entry.business_date,
        entry.event_id,
        entry.transaction_id,
        entry.rule_id,
        entry.rule_version,
        entry.promotion_id,
        *_key_row(entry.lot),
        entry.valid_through,
    )


def _lot_row(account: Account, lot: Lot) -> tuple[Any, ...]:
    return (
        account.customer_id,
        *_key_row(lot.key),
        lot.original_points,
        lot.remaining_points,
        lot.valid_through,
        lot.available_from,
    )
