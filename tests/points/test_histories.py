"""The random shops are dense: everything that can happen to an account does happen."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests.points.histories import END, History, random_history
from tests.points.reference.account import accounts
from tests.points.reference.model import Account, Entry, Settings

NEVER = {
    # Inactive, of a fee, of a tier that is none, about purchases though on an occasion ...
    "R4a", "R5c", "R6a", "R12a", "R13a", "R14a", "R15a",
    # ... or beaten in their group.
    "8", "9", "R11b", "S1",
}  # fmt: skip


@pytest.fixture(scope="module")
def history() -> History:
    return random_history(1, 100)


@pytest.fixture(scope="module")
def found(history: History) -> list[Account]:
    return list(accounts(history.shop, END, Settings()))


@pytest.fixture(scope="module")
def pending(history: History) -> list[Account]:
    settings = Settings(pending_days=14, expiry="calendar_year", reverse_threshold_bonus=True)
    return list(accounts(history.shop, END, settings))


def entries(found: list[Account]) -> list[Entry]:
    return [entry for account in found for entry in account.entries]


def _in_debt(kind: str) -> Callable[[Entry], bool]:
    return lambda e: e.entry_type == kind and e.lot is None and e.points < 0


def _repays(kind: str) -> Callable[[Entry], bool]:
    return lambda e: e.entry_type == kind and e.repaid_points > 0


EVENTS: dict[str, Callable[[Entry], bool]] = {
    **{f"debt by {kind}": _in_debt(kind) for kind in ("REDEEM", "REVERSE", "ADJUST", "OPENING")},
    **{f"{kind} repays": _repays(kind) for kind in ("EARN", "BONUS", "ADJUST", "REFUND")},
    "debt is forgiven by a refund": lambda e: e.entry_type == "REFUND" and e.lot is None,
    "a refund comes as a lot of its own": lambda e: (
        e.entry_type == "REFUND" and e.lot is not None and e.lot.transaction_id == e.transaction_id
    ),
    "a refund to an expired lot expires": lambda e: (
        e.entry_type == "EXPIRE"
        and e.valid_through is not None
        and e.business_date > e.valid_through + dt.timedelta(days=1)
    ),
    "a return takes from its own lot": lambda e: (
        e.entry_type == "REVERSE" and e.lot is not None and e.lot.rule_id == e.rule_id
    ),
    "a return takes from another lot": lambda e: (
        e.entry_type == "REVERSE" and e.lot is not None and e.lot.rule_id != e.rule_id
    ),
    "a later version of a rule earns": lambda e: e.rule_id is not None and e.rule_version == 2,
    "a later version of a promotion": lambda e: e.promotion_id is not None and e.rule_version == 2,
    "a birthday of 29 February on the 28th": lambda e: (
        e.rule_id == "B1" and (e.business_date.month, e.business_date.day) == (2, 28)
    ),
    "a birthday on 29 February": lambda e: (
        e.rule_id == "B1" and (e.business_date.month, e.business_date.day) == (2, 29)
    ),
}


def test_every_kind_of_entry_and_of_lot_occurs(found: list[Account]) -> None:
    assert {entry.entry_type for entry in entries(found)} == {
        "OPENING", "EARN", "BONUS", "REDEEM", "EXPIRE", "REVERSE", "REFUND", "ADJUST",
    }  # fmt: skip
    assert {lot.key.opened_by for account in found for lot in account.lots} == {
        "OPENING", "EARN", "BONUS", "ADJUST", "REFUND",
    }  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_it_happens_often_enough_to_be_tested(found: list[Account], event: str) -> None:
    assert sum(map(EVENTS[event], entries(found))) >= 3


def test_every_rule_and_promotion_that_can_win_does(history: History, found: list[Account]) -> None:
    delivered = {rule.rule_id for rule in history.shop.rules}
    assert delivered - {entry.rule_id for entry in entries(found)} <= NEVER
    assert {entry.promotion_id for entry in entries(found)} == {None, "M", "B", "MB", "N"}


def test_pending_points_wait_pay_debt_later_and_are_reversed_before(pending: list[Account]) -> None:
    lots = [lot for account in pending for lot in account.lots]
    assert any(lot.available_from > END and lot.remaining_points for lot in lots)
    assert any(entry.repaid_points for entry in entries(pending) if entry.entry_type == "EARN")
    assert any(
        account.debt and any(x.available_from > END and x.remaining_points for x in account.lots)
        for account in pending
    )


def test_tiers_go_up_down_and_down_to_the_delivered_status(found: list[Account]) -> None:
    order = ("Bronze", "Silver", "Gold", "Platinum")
    steps = {
        (order.index(after.tier) - order.index(before.tier), after.valid_from.day > 27)
        for account in found
        for before, after in zip(account.tiers, account.tiers[1:], strict=False)
    }
    assert {step for step, _ in steps} >= {-2, -1, 1, 2}
    assert {is_month_end for step, is_month_end in steps if step < 0} == {True}


@pytest.mark.parametrize("kind", ["found", "pending"])
def test_every_account_is_conserved(kind: str, request: pytest.FixtureRequest) -> None:
    for account in request.getfixturevalue(kind):
        remaining = sum(lot.remaining_points for lot in account.lots)
        without_lot = -sum(e.points for e in account.entries if e.lot is None)
        repaid = sum(e.repaid_points for e in account.entries)
        assert account.balance == remaining - account.debt
        assert account.debt == without_lot - repaid
        assert all(0 <= lot.remaining_points <= lot.original_points for lot in account.lots)
        released = sum(x.remaining_points for x in account.lots if x.available_from <= END)
        assert not (account.debt and released)
