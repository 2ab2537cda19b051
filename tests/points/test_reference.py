"""The yardstick itself: golden numbers of semantics 4 to 7 and the cases of docs/points.md."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.points.reference.account import Shop, accounts
from tests.points.reference.lots import Fold, Posting
from tests.points.reference.model import (
    Account,
    CustomerVersion,
    Delivery,
    Header,
    Line,
    LotKey,
    PointsEvent,
    Product,
    PromotionVersion,
    RuleVersion,
    Settings,
    TierInterval,
)
from tests.points.reference.purchases import purchases
from tests.points.reference.tiers import tier_history
from tests.points.reference.validity import valid_through

DAY = dt.date(2025, 3, 3)
LATER = dt.date(2025, 12, 31)
FIRST = Delivery(dt.date(2025, 1, 1), None, 1, 1)
GOODS = Product("goods", "Toys")
FEE = Product("fee", "Postage", is_merchandise=False)
EXCLUSIVE = (("1.00", "0", 0), ("1.00", "50", 25), ("1.00", "100", 50), ("1.00", "200", 100))


def rule(name: str, rate: str, threshold: str, bonus: int, **more: Any) -> RuleVersion:
    more = {"delivery": FIRST, **more}
    return RuleVersion(name, rate=Decimal(rate), threshold=Decimal(threshold), bonus=bonus, **more)


RULES = [rule(str(n), *columns) for n, columns in enumerate(EXCLUSIVE)]


def sale(amount: str, key: str = "T", day: dt.date = DAY, **more: Any) -> Header:
    return Header(key, "C", "A", day, _noon(day), Decimal(amount), **more)


def back(amount: str, number: int, day: dt.date = DAY + dt.timedelta(days=9)) -> Header:
    return sale(amount, f"R{number}", day, is_return=True, original_transaction_id="T")


def account(
    headers: list[Header],
    rules: list[RuleVersion] = RULES,
    *,
    as_of: dt.date = LATER,
    settings: Settings | None = None,
    **more: Any,
) -> Account:
    rows = {"customers": [], "products": [GOODS, FEE], "promotions": [], "lines": [], "events": []}
    shop = Shop(headers=headers, rules=rules, **{**rows, **more})
    (found,) = accounts(shop, as_of, settings or Settings())
    return found


def points(account: Account, *kinds: str) -> list[int]:
    return [entry.points for entry in account.entries if entry.entry_type in kinds]


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


# Section 4


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("159.98", [159, 50]),
        ("89.99", [89, 25]),
        ("100.00", [100, 50]),
        ("99.99", [99, 25]),
        ("200.00", [200, 100]),
        ("0.99", []),
    ],
)
def test_the_rule_with_the_highest_threshold_that_is_met_wins(
    amount: str, expected: list[int]
) -> None:
    assert points(account([sale(amount)]), "EARN", "BONUS") == expected


def test_points_are_rounded_once_per_transaction_not_per_line() -> None:
    lines = [Line("T", "goods", Decimal(amount)) for amount in ("0.60", "0.60", "0.80")]
    assert points(account([sale("2.00")], lines=lines), "EARN") == [2]


@pytest.mark.parametrize(("rounding", "expected"), [("floor", 2), ("round", 3), ("ceil", 3)])
def test_a_half_is_rounded_as_numeric(rounding: str, expected: int) -> None:
    settings = Settings(rounding=rounding)
    assert points(account([sale("2.50")], settings=settings), "EARN") == [expected]


def test_inactive_rules_and_those_outside_their_dates_earn_nothing() -> None:
    for more in (
        {"is_active": False},
        {"start_date": DAY + dt.timedelta(days=1)},
        {"end_date": DAY - dt.timedelta(days=1)},
    ):
        assert account([sale("50")], [rule("1", "1", "0", 0, **more)]).entries == ()


def test_groups_stack_and_ties_go_to_most_points_then_the_lowest_id_as_text() -> None:
    tied = [rule("10", "0.1", "10", 5, group="a"), rule("9", "0.1", "10", 5, group="a")]
    richer = [rule("8", "0.5", "10", 5, group="b"), rule("7", "0.1", "10", 5, group="b")]
    earned = account([sale("20")], [*tied, *richer, rule("win", "9", "0", 0, event="WIN_BACK")])
    assert {lot.key.rule_id for lot in earned.lots} == {"10", "8"}


def test_the_cap_cuts_the_bonus_first() -> None:
    capped = account([sale("30")], [rule("1", "1", "0", 25, max_points=40)])
    assert points(capped, "EARN", "BONUS") == [30, 10]
    capped = account([sale("50")], [rule("1", "1", "0", 25, max_points=40)])
    assert points(capped, "EARN", "BONUS") == [40]


def test_fees_and_what_was_paid_with_points_earn_nothing() -> None:
    lines = [Line("T", "goods", Decimal(100)), Line("T", "fee", Decimal(5))]
    earned = account([sale("105", points_redeemed=200)], lines=lines)
    assert points(earned, "EARN", "BONUS") == [98, 25]


def test_a_rule_of_a_category_earns_on_its_lines_at_most_what_is_eligible() -> None:
    lines = [Line("T", "goods", Decimal(100))]
    toys = [rule("1", "1", "0", 0, category="toys")]
    assert points(account([sale("130")], toys, lines=lines), "EARN") == [100]
    assert points(account([sale("80")], toys, lines=lines), "EARN") == [80]
    food = [rule("1", "1", "0", 9, category="Food")]
    assert account([sale("80")], food, lines=lines).entries == ()


def test_win_back_needs_thirty_days_since_the_purchase_before() -> None:
    days = [DAY, DAY + dt.timedelta(days=29), DAY + dt.timedelta(days=59)]
    headers = [sale("10", f"T{n}", day) for n, day in enumerate(days)]
    won = account(headers, [rule("1", "0", "0", 7, event="WIN_BACK")])
    assert [entry.transaction_id for entry in won.entries] == ["T2"]


def test_first_purchase_is_the_first_with_merchandise() -> None:
    headers = [sale("5", "T0"), sale("10", "T1", DAY + dt.timedelta(days=1))]
    lines = [Line("T0", "fee", Decimal(5))]
    first = account(headers, [rule("1", "1", "0", 0, is_first_purchase_only=True)], lines=lines)
    assert [entry.transaction_id for entry in first.entries] == ["T1"]


def test_birthdays_and_the_29th_of_february() -> None:
    customer = CustomerVersion("C", FIRST, birth_date=dt.date(2000, 2, 29))
    rules = [rule("1", "9", "999", 30, event="BIRTHDAY")]
    start, end = dt.date(2023, 2, 28), dt.date(2025, 2, 27)
    born = account([sale("1", day=start)], rules, as_of=end, customers=[customer])
    days = [e.business_date for e in born.entries if e.entry_type == "BONUS"]
    assert days == [dt.date(2023, 2, 28), dt.date(2024, 2, 29)]


def test_signing_up_needs_a_date_of_joining() -> None:
    rules = [rule("1", "9", "999", 30, event="SIGN_UP"), rule("2", "0", "0", 0, event="SIGN_UP")]
    came = Delivery(dt.date(2025, 6, 1), dt.date(2025, 5, 30), 2, 1)
    for customer, expected in (
        (CustomerVersion("C", FIRST), []),
        (CustomerVersion("C", FIRST, customer_since=dt.date(2025, 4, 1)), [dt.date(2025, 4, 1)]),
        (CustomerVersion("C", FIRST, customer_since=dt.date(2020, 4, 1)), []),
        (CustomerVersion("C", came), [came.file_date]),
    ):
        others = [CustomerVersion("O", FIRST)]
        shop = Shop([customer, *others], [], rules, [], [sale("0")], [], [])
        joined = next(a for a in accounts(shop, LATER, Settings()) if a.customer_id == "C")
        assert [entry.business_date for entry in joined.entries] == expected


def test_a_later_rule_version_never_changes_earlier_dates() -> None:
    change = dt.date(2025, 4, 1)
    later = Delivery(change, change, 2, 1)
    rules = [rule("1", "1", "0", 0), rule("1", "5", "0", 0, delivery=later)]
    headers = [sale("10", "T0"), sale("10", "T1", change)]
    assert [(e.points, e.rule_version) for e in account(headers, rules).entries] == [
        (10, 1),
        (50, 2),
    ]


def test_a_promotion_multiplies_what_the_winning_rules_give_and_adds_its_bonus() -> None:
    lines = [Line("T", "goods", Decimal(60), "P"), Line("T", "goods", Decimal(40))]
    promotion = PromotionVersion("P", FIRST, DAY, DAY, Decimal("2.5"), 11)
    found = account([sale("100")], lines=lines, promotions=[promotion])
    assert [(e.entry_type, e.promotion_id, e.points) for e in found.entries] == [
        ("EARN", "P", 90),
        ("BONUS", "P", 11),
        ("EARN", None, 100),
        ("BONUS", None, 50),
    ]


# Section 5


@pytest.mark.parametrize(
    ("amount", "rules", "returns", "expected"),
    [
        ("30", [rule("1", "0.34", "0", 0)], ["10", "10", "10"], [-3, -3, -4]),
        ("159.98", RULES, ["79.99", "79.99"], [-104, -105]),
        ("100", [rule("1", "5", "0", 0)], ["20", "30"], [-100, -150]),
        ("100", [rule("1", "1", "0", 0)], ["75"], [-75]),
        ("100", [rule("1", "1", "0", 0)], ["60", "60"], [-60, -40]),
    ],
)
def test_returns_reverse_in_proportion_to_what_came_back_so_far(
    amount: str, rules: list[RuleVersion], returns: list[str], expected: list[int]
) -> None:
    headers = [sale(amount), *(back(part, n) for n, part in enumerate(returns))]
    assert points(account(headers, rules), "REVERSE") == expected


def test_the_bonus_of_a_threshold_goes_back_entirely_where_it_is_set() -> None:
    headers = [sale("120"), back("15", 0), back("10", 1), back("95", 2)]
    rules = [rule("1", "1", "100", 50)]
    kept = account(headers, rules, settings=Settings(reverse_threshold_bonus=True))
    assert points(kept, "REVERSE") == [-15, -60, -95]


def test_a_returned_fee_takes_no_points() -> None:
    lines = [Line("T", "goods", Decimal(10)), Line("T", "fee", Decimal(5))]
    lines += [Line("R0", "fee", Decimal(5))]
    assert points(account([sale("15"), back("5", 0)], lines=lines), "REVERSE") == []


def test_points_paid_on_the_returned_sale_come_back_to_their_lots() -> None:
    earlier = sale("100", "T0", dt.date(2025, 2, 1))
    headers = [earlier, sale("100", points_redeemed=41), back("50", 0), back("50", 1)]
    found = account(headers, [rule("1", "1", "0", 0)])
    assert points(found, "REDEEM") == [-41]
    assert points(found, "REFUND") == [20, 21]
    assert {e.lot and e.lot.transaction_id for e in found.entries if e.entry_type == "REFUND"} == {
        "T0"
    }


def test_a_redemption_told_twice_is_one() -> None:
    event = PointsEvent("E", "C", "REDEEM", -30, DAY, _noon(DAY), "T")
    told = account([sale("100", points_redeemed=30)], events=[event])
    assert [(e.points, e.event_id) for e in told.entries if e.entry_type == "REDEEM"] == [
        (-30, "E")
    ]


def unnamed(*lines: Line, key: str = "U", day: dt.date = DAY + dt.timedelta(days=9)) -> Header:
    total = sum((line.amount for line in lines), Decimal())
    return sale(str(total), key, day, is_return=True)


def bought(key: str, quantity: int, amount: str, product: str = "goods") -> Line:
    return Line(key, product, Decimal(amount), None, Decimal(quantity), "1")


def test_a_return_without_a_name_takes_the_newest_sale_first_and_then_the_one_before() -> None:
    lines = [bought("S1", 2, "60"), bought("S2", 1, "20"), bought("U", 2, "50")]
    headers = [sale("60", "S1"), sale("20", "S2", DAY + dt.timedelta(days=1)), unnamed(lines[2])]
    found = account(headers, [rule("1", "1", "0", 0)], lines=lines)
    # 25 of S2's 20: all of it; 25 of S1's 60.
    reversed_lots = {e.sale: e.points for e in found.entries if e.entry_type == "REVERSE"}
    assert reversed_lots == {"S2": -20, "S1": -25}


def test_a_return_without_a_name_takes_all_it_asks_for_or_nothing() -> None:
    lines = [bought("S1", 2, "60"), bought("U", 3, "90")]
    headers = [sale("60", "S1"), unnamed(lines[1])]
    assert points(account(headers, [rule("1", "1", "0", 0)], lines=lines), "REVERSE") == []
    lines[1] = bought("U", 2, "60", "other")
    assert points(account(headers, [rule("1", "1", "0", 0)], lines=lines), "REVERSE") == []


def test_what_a_named_return_took_before_is_not_there_for_one_without_a_name() -> None:
    lines = [bought("T", 2, "60"), bought("R1", 1, "30"), bought("U", 1, "30"), bought("V", 1, "9")]
    headers = [sale("60"), back("30", 1), unnamed(lines[2]), unnamed(lines[3], key="V")]
    found = account(headers, [rule("1", "1", "0", 0)], lines=lines)
    taken = [e.transaction_id for e in found.entries if e.entry_type == "REVERSE"]
    assert taken == ["R1", "U"]


# Section 6

L1 = LotKey("EARN", dt.date(2025, 1, 10), "L1")
L2 = LotKey("EARN", dt.date(2025, 6, 1), "L2")


def earn(key: LotKey, amount: int, last: dt.date | None = None) -> Posting:
    return Posting("EARN", key.business_date, amount, lot=key, valid_through=last)


def folded(*postings: Posting, as_of: dt.date, settings: Settings | None = None) -> Fold:
    fold = Fold(settings or Settings())
    fold.run(list(postings), as_of)
    return fold


def draws(fold: Fold, kind: str) -> list[tuple[str | None, int]]:
    return [
        (e.lot.transaction_id if e.lot else None, e.points)
        for e in fold.entries
        if e.entry_type == kind
    ]


def balance(fold: Fold) -> int:
    return sum(entry.points for entry in fold.entries)


BOTH = (earn(L1, 100, dt.date(2026, 1, 10)), earn(L2, 50, dt.date(2026, 6, 1)))


def test_l1_first_expiring_first_and_no_negative_balance_by_expiry() -> None:
    redeem = Posting("REDEEM", dt.date(2025, 9, 1), -120)
    for day, expected in (
        (dt.date(2026, 1, 11), 30),
        (dt.date(2026, 6, 1), 30),
        (dt.date(2026, 6, 2), 0),
    ):
        fold = folded(*BOTH, redeem, as_of=day)
        assert draws(fold, "REDEEM") == [("L1", -100), ("L2", -20)]
        assert balance(fold) == expected
    assert draws(fold, "EXPIRE") == [("L2", -30)]


def test_l2_a_return_takes_from_its_own_lot_first() -> None:
    reverse = Posting("REVERSE", dt.date(2025, 7, 1), -20, lot=L1)
    redeem = Posting("REDEEM", dt.date(2025, 9, 1), -120)
    fold = folded(*BOTH, reverse, redeem, as_of=dt.date(2026, 6, 2))
    assert draws(fold, "REVERSE") == [("L1", -20)]
    assert draws(fold, "REDEEM") == [("L1", -80), ("L2", -40)]
    assert draws(fold, "EXPIRE") == [("L2", -10)]
    assert balance(fold) == 0


def test_l3_what_lots_cannot_give_is_debt_and_the_next_earning_pays_it() -> None:
    redeem = Posting("REDEEM", dt.date(2025, 2, 1), -100)
    reverse = Posting("REVERSE", dt.date(2025, 3, 1), -100, lot=L1)
    fold = folded(earn(L1, 100), redeem, reverse, earn(L2, 60), as_of=dt.date(2025, 6, 1))
    assert (balance(fold), fold.debt) == (-40, 40)
    assert [lot.remaining_points for lot in fold.lots] == [0, 0]
    assert [entry.repaid_points for entry in fold.entries] == [0, 0, 0, 60]


def test_l4_a_refund_to_a_lot_past_its_date_expires_the_same_day() -> None:
    redeem = Posting("REDEEM", dt.date(2026, 1, 5), -100, sale="S")
    refund = Posting("REFUND", dt.date(2026, 1, 20), 100, sale="S")
    fold = folded(BOTH[0], redeem, refund, as_of=dt.date(2026, 1, 20))
    assert [(e.entry_type, e.points, e.business_date.day) for e in fold.entries[-2:]] == [
        ("REFUND", 100, 20),
        ("EXPIRE", -100, 20),
    ]
    assert balance(fold) == 0


def test_a_refund_undoes_the_last_draw_first_and_what_was_debt_comes_as_a_lot_of_its_own() -> None:
    redeem = Posting("REDEEM", dt.date(2025, 6, 2), -190, sale="S")
    repay = earn(LotKey("EARN", dt.date(2025, 6, 3), "L3"), 30)
    days = [dt.date(2025, 6, 4), dt.date(2025, 6, 5)]
    refunds = [
        Posting("REFUND", day, amount, sale="S", transaction_id=f"R{amount}")
        for day, amount in zip(days, (35, 60), strict=True)
    ]
    fold = folded(*BOTH, redeem, repay, *refunds, as_of=days[1])
    assert draws(fold, "REDEEM") == [("L1", -100), ("L2", -50), (None, -40)]
    assert draws(fold, "REFUND") == [
        (None, 10),
        ("R35", 25),
        ("R60", 5),
        ("L2", 50),
        ("L1", 5),
    ]
    assert fold.debt == 0
    assert [lot.remaining_points for lot in fold.lots] == [5, 50, 0, 25, 5]
    assert fold.lots[3].valid_through == dt.date(2026, 6, 30)


def test_pending_points_pay_debt_only_when_they_are_released() -> None:
    settings = Settings(pending_days=14)
    redeem = Posting("REDEEM", dt.date(2025, 6, 2), -20)
    for day, debt, remaining in ((14, 20, 50), (15, 0, 30)):
        fold = folded(BOTH[1], redeem, as_of=dt.date(2025, 6, day), settings=settings)
        assert (fold.debt, fold.lots[0].remaining_points) == (debt, remaining)
    assert fold.entries[0].repaid_points == 20


def test_a_return_reduces_pending_points() -> None:
    settings = Settings(pending_days=14)
    reverse = Posting("REVERSE", dt.date(2025, 6, 2), -20, lot=L2)
    fold = folded(BOTH[1], reverse, as_of=dt.date(2025, 6, 3), settings=settings)
    assert (fold.debt, fold.lots[0].remaining_points) == (0, 30)


def test_the_order_within_a_day() -> None:
    day = dt.date(2026, 1, 11)
    key = LotKey("EARN", day, "new")
    fold = folded(
        earn(L1, 100, dt.date(2026, 1, 10)),
        Posting("REFUND", day, 30, sale="S"),
        Posting("REDEEM", day, -30, sale="S"),
        Posting("REVERSE", day, -10, lot=key),
        earn(key, 40),
        as_of=day,
    )
    kinds = [(entry.entry_type, entry.points) for entry in fold.entries]
    assert kinds == [
        ("EARN", 100),
        ("EXPIRE", -100),
        ("EARN", 40),
        ("REVERSE", -10),
        ("REDEEM", -30),
        ("REFUND", 30),
    ]


@pytest.mark.parametrize(
    ("expiry", "months", "day", "last"),
    [
        ("months", 12, dt.date(2025, 1, 10), dt.date(2026, 1, 31)),
        ("months", 12, dt.date(2024, 2, 29), dt.date(2025, 2, 28)),
        ("months", 1, dt.date(2025, 1, 31), dt.date(2025, 2, 28)),
        ("months", 12, dt.date(2020, 7, 6), dt.date(2021, 7, 31)),
        ("calendar_year", 12, dt.date(2025, 1, 10), dt.date(2026, 12, 31)),
        ("calendar_year", 12, dt.date(2025, 12, 31), dt.date(2026, 12, 31)),
    ],
)
def test_the_last_valid_day(expiry: str, months: int, day: dt.date, last: dt.date) -> None:
    assert valid_through(day, Settings(expiry=expiry, validity_months=months)) == last


def test_opening_points_below_zero_are_debt() -> None:
    customer = CustomerVersion("C", FIRST, points=-30)
    found = account([sale("20")], customers=[customer])
    assert [(e.entry_type, e.points, e.repaid_points) for e in found.entries] == [
        ("OPENING", -30, 0),
        ("EARN", 20, 20),
    ]
    assert (found.debt, found.balance) == (10, -10)


# Section 7

ERPNEXT = Settings(
    tiers=(("Bronze", Decimal(0)), ("Silver", Decimal(10000)), ("Gold", Decimal(20000)))
)


def history(
    headers: list[Header],
    as_of: dt.date,
    settings: Settings | None = None,
    opening: tuple[dt.date, str] | None = None,
) -> tuple[TierInterval, ...]:
    settings = settings or Settings()
    bought = purchases(headers, {}, {}, settings)
    day, status = opening or (None, None)
    return tier_history(bought, day, status, as_of, settings)


@pytest.mark.parametrize(
    ("before", "current", "tier"),
    [
        (0, 6000, "Bronze"),
        (0, 15000, "Silver"),
        (0, 25000, "Gold"),
        (4000, 500, "Bronze"),
        (8000, 3000, "Silver"),
        (18000, 3000, "Gold"),
        (22000, 5000, "Gold"),
    ],
)
def test_erpnext_table(before: int, current: int, tier: str) -> None:
    headers = [sale(str(before), "T0"), sale(str(current), "T1", DAY + dt.timedelta(days=1))]
    assert history(headers, DAY + dt.timedelta(days=1), ERPNEXT)[-1].tier == tier


@pytest.mark.parametrize(("amount", "tier"), [("499.99", "Bronze"), ("500", "Silver")])
def test_the_threshold_itself_reaches_the_tier(amount: str, tier: str) -> None:
    assert history([sale(amount)], DAY) == (TierInterval(tier, DAY, None),)


def test_a_purchase_counts_for_365_days_and_the_tier_goes_at_the_month_end_after_thirty() -> None:
    silver = sale("500", day=dt.date(2025, 1, 1))
    # 2025-12-31 is its last day; below since 2026-01-01: the 30th such day is 2026-01-30.
    assert history([silver], dt.date(2026, 1, 30))[-1].tier == "Silver"
    assert history([silver], dt.date(2026, 1, 31)) == (
        TierInterval("Silver", dt.date(2025, 1, 1), dt.date(2026, 1, 31)),
        TierInterval("Bronze", dt.date(2026, 1, 31), None),
    )
    # Below since 2026-01-02: the 30th such day is the month end. A day later it is the next one.
    second = sale("500", day=dt.date(2025, 1, 2))
    assert history([second], dt.date(2026, 2, 1))[-1].valid_from == dt.date(2026, 1, 31)
    third = sale("500", day=dt.date(2025, 1, 3))
    assert history([third], dt.date(2026, 3, 1))[-1].valid_from == dt.date(2026, 2, 28)


def test_a_return_that_pushes_the_metric_below_counts_from_its_day_on() -> None:
    headers = [sale("600"), back("200", 0, dt.date(2025, 4, 2))]
    assert [i.valid_from for i in history(headers, LATER)] == [DAY, dt.date(2025, 5, 31)]
    headers = [sale("600"), back("200", 0, dt.date(2025, 4, 1))]
    assert [i.valid_from for i in history(headers, LATER)] == [DAY, dt.date(2025, 4, 30)]


def test_a_downgrade_goes_to_what_the_metric_reaches() -> None:
    gold = [sale("1500", "T"), sale("600", "T2", DAY + dt.timedelta(days=1))]
    headers = [*gold, back("1500", 0, dt.date(2025, 4, 1))]
    assert [i.tier for i in history(headers, LATER)] == ["Silver", "Gold", "Silver"]


def test_the_delivered_status_is_a_floor_for_365_days() -> None:
    opening = dt.date(2024, 12, 31)
    held = history([], dt.date(2026, 3, 1), opening=(opening, "gold"))
    # The floor's last day is 2025-12-30; below all the time, so the next month end takes it.
    assert held == (
        TierInterval("Gold", opening, dt.date(2025, 12, 31)),
        TierInterval("Bronze", dt.date(2025, 12, 31), None),
    )
    kept = history([], dt.date(2026, 3, 1), opening=(dt.date(2025, 1, 1), "gold"))
    assert kept[-1].valid_from == dt.date(2026, 1, 31)
    assert history([], LATER, opening=(opening, "VIP"))[0].tier == "Bronze"


def test_a_tier_above_the_floor_falls_to_the_floor() -> None:
    headers = [sale("2100"), back("2100", 0, dt.date(2025, 4, 1))]
    held = history(headers, LATER, opening=(dt.date(2025, 1, 1), "Silver"))
    assert [(i.tier, i.valid_from) for i in held] == [
        ("Silver", dt.date(2025, 1, 1)),
        ("Gold", DAY),
        ("Silver", dt.date(2025, 4, 30)),
    ]


def test_spending_points_changes_no_tier() -> None:
    headers = [sale("500", points_redeemed=400)]
    assert account(headers).tiers == (TierInterval("Silver", DAY, None),)


def test_a_rule_of_a_tier_looks_at_the_day_before() -> None:
    headers = [sale("500", "T0"), sale("10", "T1"), sale("10", "T2", DAY + dt.timedelta(days=1))]
    found = account(headers, [rule("1", "1", "0", 0, tier="silver")])
    assert [entry.transaction_id for entry in found.entries] == ["T2"]
