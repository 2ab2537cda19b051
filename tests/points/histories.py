"""Random shops of many customers, dense enough that debt, expiry and returns meet in each other."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.dbt.warehouse import Warehouse
from tests.points.files import File, Files, Row, customer_row, promotion_row, rule_row
from tests.points.reference.account import Shop
from tests.points.reference.model import (
    CustomerVersion,
    Header,
    Line,
    PointsEvent,
    Product,
    PromotionVersion,
    RuleVersion,
)
from tests.points.rules import (
    changed_promotions,
    changed_rules,
    first_promotions,
    first_rules,
)

START = dt.date(2023, 1, 5)
END = dt.date(2026, 1, 31)
DAYS = (END - START).days
DAY = dt.timedelta(days=1)
CENT = Decimal("0.01")
ZONES = {"A": "Asia/Kolkata", "B": "America/New_York", "C": "UTC"}
CATEGORIES = ("Toys", "Food", "Books", "Postage")
STATUSES = (None, None, "gold", "SILVER", "plat", "Platinum", "VIP", "Member")
OPENINGS = (None, 0, 0, 40, 100, 250, 900, -60)
PRODUCTS = [Product(f"P{n}", CATEGORIES[n % 4], n % 4 != 3) for n in range(12)]
OTHER_PRODUCTS = [product for product in PRODUCTS if not product.is_merchandise]


@dataclass
class History:
    """A shop as the reference reads it, and the same rows as files."""

    dice: random.Random
    shop: Shop
    files: Files = field(default_factory=Files)
    headers: File = field(init=False)
    lines: File = field(init=False)
    events: File = field(init=False)

    def load(self, warehouse: Warehouse) -> None:
        """Everything, each file once."""
        for file in self.files.files:
            file.load(warehouse)

    def parts(self, last_days: Sequence[dt.date]) -> list[list[File]]:
        """The files in drops: the first masters, then the sales and events up to each of the days,
        with the masters of later files that belong there."""
        days = [*last_days, END]
        events = (self.headers, self.lines, self.events)
        masters = [file for file in self.files.files if file not in events]
        drops = [[file for file in masters if file.arrival == START]]
        day_of = {header.transaction_id: header.business_date for header in self.shop.headers}
        dates = (
            [header.business_date for header in self.shop.headers],
            [day_of[line.transaction_id] for line in self.shop.lines],
            [event.business_date for event in self.shop.events],
        )
        for before, last in zip([dt.date.min, *days], days, strict=False):
            drop = [
                file for file in masters if file.arrival > START and before < file.arrival <= last
            ]
            for file, file_dates in zip(events, dates, strict=True):
                dated = zip(file.rows, file_dates, strict=True)
                rows = [row for row, day in dated if before < day <= last]
                drop.append(File(file.data_set, last, None, rows))
            drops.append(drop)
        return drops


def random_history(seed: int, customers: int, sales: int = 14) -> History:
    """Many customers with some three years of sales each, `sales` on average."""
    dice = random.Random(seed)  # noqa: S311
    shop = Shop([], PRODUCTS, [], [], [], [], [])
    history = History(dice, shop)
    _deliver_masters(history)
    files = history.files
    people = files.new("customer_details", START, dice.choice([None, START + 3 * DAY]))
    later = [files.new("customer_details", day, day) for day in map(_at, (0.2, 0.5, 0.8))]
    history.headers = files.new("store_sales_header", END)
    history.lines = files.new("store_sales_line_items", END)
    history.events = files.new("points_events", END)
    for number in range(customers):
        _add_customer(history, f"C{number:04d}", people, later, dice.randint(0, 2 * sales))
    for number in range(customers // 10):
        _add_sale(history, f"GUEST{number}", None, _at(dice.random()))
    return history


def _at(share: float) -> dt.date:
    """A day of the history: 0 is its first, 1 its last."""
    return START + round(share * DAYS) * DAY


def _deliver_masters(history: History) -> None:
    files, shop, dice = history.files, history.shop, history.dice
    stores = files.new("stores", START)
    stores.rows = [{"store_id": store, "time_zone": zone} for store, zone in ZONES.items()]
    products = files.new("products", START)
    products.rows = [
        {
            "product_id": product.product_id,
            "product_category": product.category,
            "is_merchandise": None if product.is_merchandise else "no",
        }
        for product in PRODUCTS
    ]
    rules = first_rules(dice, _at)
    promotions = first_promotions(_at)
    for day in (None, _at(0.3), _at(0.55), _at(0.9)):
        arrival = day or START
        file = files.new("loyalty_rules", arrival, day)
        if day:
            changed = changed_rules(dice, rules, _at)
            rules = list({rule.rule_id: rule for rule in [*rules, *changed]}.values())
        for rule in changed if day else rules:
            _deliver_rule(history, file, rule)
        file = files.new("promotion_details", arrival, day)
        if day:
            changes = changed_promotions(dice, promotions, _at)
            promotions = list({p.promotion_id: p for p in [*promotions, *changes]}.values())
        for promotion in changes if day else promotions:
            _deliver_promotion(history, file, promotion)
    assert shop.rules and shop.promotions


def _deliver_rule(history: History, file: File, rule: RuleVersion) -> None:
    history.shop.rules.append(replace(rule, delivery=history.files.delivery(file)))
    file.rows.append(rule_row(rule))


def _deliver_promotion(history: History, file: File, promotion: PromotionVersion) -> None:
    history.shop.promotions.append(replace(promotion, delivery=history.files.delivery(file)))
    file.rows.append(promotion_row(promotion))


def _add_customer(history: History, key: str, first: File, later: list[File], sales: int) -> None:
    """A customer of the first file or of a later one, some with a second version."""
    dice = history.dice
    place = dice.choice([-1, -1, -1, 0, 1, 2])
    file = later[place] if place >= 0 else first
    came = file.file_date or START
    version = CustomerVersion(
        customer_id=key,
        delivery=history.files.delivery(file),
        points=dice.choice(OPENINGS),
        status=dice.choice(STATUSES),
        birth_date=_birth_date(dice),
        customer_since=dice.choice([None, None, came - dice.randrange(900) * DAY]),
        modified_at=_moment(dice, came - dice.randrange(9) * DAY) if dice.random() < 0.1 else None,
    )
    _deliver_customer(history, file, version)
    if place < 2 and dice.random() < 0.3:
        again = later[dice.randrange(place + 1, 3)]
        changes: Row = {"points": 777, "status": "Platinum", "modified_at": None}
        if dice.random() < 0.5:
            changes["birth_date"] = _birth_date(dice)
        if dice.random() < 0.3:
            changes["customer_since"] = came + dice.randrange(30) * DAY
        delivery = history.files.delivery(again)
        _deliver_customer(history, again, replace(version, delivery=delivery, **changes))
    for number in range(sales):
        _add_visit(history, f"{key}-{number}", key, _visit_day(dice, came))
    for number in range(dice.choice([0, 1, 2, 4]) if sales else 0):
        _add_unnamed_return(history, f"{key}-U{number}", key, _visit_day(dice, came))
    for number in range(dice.choice([0, 0, 1, 3])):
        _add_event(history, f"{key}-E{number}", key, _visit_day(dice, came))
    if history.shop.headers and dice.random() < 0.3:
        of_anybody = dice.choice(history.shop.headers)
        _add_event(history, f"{key}-X", key, of_anybody.business_date, 25, of_anybody)


def _deliver_customer(history: History, file: File, version: CustomerVersion) -> None:
    history.shop.customers.append(version)
    file.rows.append(customer_row(version))


def _birth_date(dice: random.Random) -> dt.date | None:
    year = dice.randint(1950, 2005)
    leap = dt.date(year - year % 4, 2, 29)
    return dice.choice([None, leap, dt.date(year, 1, 1) + dice.randrange(365) * DAY])


def _visit_day(dice: random.Random, came: dt.date) -> dt.date:
    """Often about a year after another visit may have been, so that points expire in between;
    now and then before the customer's file came."""
    earliest = came if dice.random() < 0.9 else START
    season = earliest + dice.choice([0, 30, 335, 370, 395, 730]) * DAY
    day = season + dice.choice([dice.randrange(12), dice.randrange(120)]) * DAY
    return min(day, END)


def _moment(dice: random.Random, day: dt.date) -> dt.datetime:
    """Few different times, so that some fall together."""
    return dt.datetime.combine(day, dt.time(dice.choice([9, 12, 12, 17, 23]), 30), dt.UTC)


def _written(dice: random.Random, day: dt.date, zone: str) -> tuple[str, dt.datetime]:
    """A time as a file writes it, and the moment that it means: local, a date alone, or with an
    offset (then another day, maybe, where the store is)."""
    local = dt.datetime.combine(day, dt.time(dice.choice([9, 12, 12, 17, 23]), 30), ZoneInfo(zone))
    kind = dice.choice(["local", "local", "local", "date", "offset"])
    if kind == "date":
        local = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
        return day.isoformat(), local
    if kind == "offset":
        return local.astimezone(dt.timezone(dt.timedelta(hours=2))).isoformat(), local
    return local.replace(tzinfo=None).isoformat(sep=" "), local


def _add_visit(history: History, key: str, customer: str, day: dt.date) -> None:
    """A sale, how it was paid, and what comes back of it."""
    dice = history.dice
    redeemed = dice.choice([0, 0, 0, 5, 30, -80, 150, 600])
    header = _add_sale(history, key, customer, day, redeemed)
    if dice.random() < (0.5 if redeemed else 0.1):
        told = dice.choice([redeemed, -redeemed, 45]) or 70
        _add_event(history, f"{key}-P", customer, header.business_date, told, header)
        if dice.random() < 0.1:
            after = header.business_date + dice.randrange(6) * DAY
            _add_event(history, f"{key}-Q", customer, after, told, header)
    parts = dice.choice([0, 0, 0, 1, 1, 2, 3])
    back = header.business_date
    for part in range(parts):
        back = back + dice.choice([0, 0, 1, 4, 30, 200, 400]) * DAY
        _add_return(history, f"{key}-R{part}", header, back)


def _add_sale(
    history: History, key: str, customer: str | None, day: dt.date, redeemed: int = 0
) -> Header:
    dice = history.dice
    store = dice.choice("AB" if dice.random() < 0.8 else "C")
    scale = dice.choice([300, 3000, 12000, 60000])
    lines = [
        Line(
            transaction_id=key,
            product_id=dice.choice(PRODUCTS).product_id,
            amount=dice.randrange(scale) * CENT,
            promotion_id=dice.choice([None, None, None, "M", "B", "MB", "N", "?"]),
            quantity=Decimal(dice.choice([1, 1, 2, 3])),
            line_item_id=str(number),
        )
        for number in range(dice.choice([0, 1, 1, 2, 3, 4]))
    ]
    total = sum((line.amount for line in lines), Decimal()) or dice.randrange(scale) * CENT
    if dice.random() < 0.1:
        total = dice.choice([total + 9, total / 2, Decimal(50), Decimal(100), Decimal(0)])
    total = total.quantize(CENT)
    text, moment = _written(dice, day, ZONES[store])
    header = Header(key, customer, store, moment.date(), moment, total, abs(redeemed))
    _write_header(history, header, text, {"points_redeemed": redeemed or None})
    _write_lines(history, lines)
    return header


def _add_return(history: History, key: str, sale: Header, day: dt.date) -> None:
    """A part of the sale, all of it, or more; with its lines or without, of either sign."""
    dice = history.dice
    if day > END:
        return
    share = dice.choice([Decimal(dice.randrange(101)) / 100, Decimal(1), Decimal("1.3")])
    amount = (sale.total_amount * share).quantize(CENT)
    lines = []
    if dice.random() < 0.3:
        fee = dice.choice(OTHER_PRODUCTS).product_id
        lines = [
            Line(key, fee, amount * dice.choice([0, 1]), line_item_id="0"),
            Line(key, "P0", amount, line_item_id="1"),
        ]
    text, moment = _written(dice, day, ZONES[sale.store_id])
    header = replace(
        sale,
        transaction_id=key,
        business_date=moment.date(),
        moment=moment,
        total_amount=amount,
        points_redeemed=0,
        is_return=True,
        original_transaction_id=sale.transaction_id,
    )
    sign = dice.choice([1, -1])
    kind = dice.choice([None, "RETURN", "return"])
    more = {
        "original_transaction_id": sale.transaction_id,
        "transaction_type": kind,
        "total_amount": sign * amount,
        "points_redeemed": dice.choice([None, None, None, 25]),
    }
    _write_header(history, header, text, more)
    _write_lines(history, lines)


def _add_unnamed_return(history: History, key: str, customer: str | None, day: dt.date) -> None:
    """Lines that were bought before, mostly: once, in part, or more of it than there is."""
    dice = history.dice
    if day > END:
        return
    sales = {h.transaction_id for h in history.shop.headers if h.customer_id == customer}
    bought = [line for line in history.shop.lines[-200:] if line.transaction_id in sales]
    lines = []
    for number in range(dice.choice([1, 1, 2, 3])):
        like = dice.choice([*bought, Line("", "P1", Decimal(20))])
        quantity = Decimal(dice.choice([1, 1, 2, 4]))
        amount = (like.amount * quantity / like.quantity * dice.choice([1, 1, 2])).quantize(CENT)
        lines.append(Line(key, like.product_id, amount, None, quantity, str(number)))
    total = sum((line.amount for line in lines), Decimal())
    store = dice.choice("AB")
    text, moment = _written(dice, day, ZONES[store])
    header = Header(key, customer, store, moment.date(), moment, total, is_return=True)
    _write_header(history, header, text, {"transaction_type": "RETURN", "total_amount": -total})
    _write_lines(history, lines)


def _add_event(
    history: History,
    key: str,
    customer: str,
    day: dt.date,
    points: int | None = None,
    sale: Header | None = None,
) -> None:
    """A redemption that tells of a sale, or whatever else happens to an account."""
    dice = history.dice
    if day > END:
        return
    kind = "REDEEM" if sale else dice.choice(["REDEEM", "ADJUST", "ADJUST"])
    points = dice.choice([-400, -30, 0, 15, 120, 400]) if points is None else points
    text, moment = _written(dice, day, ZONES[sale.store_id] if sale else "UTC")
    named = sale.transaction_id if sale else None
    event = PointsEvent(key, customer, kind, points, moment.date(), moment, named)
    history.shop.events.append(event)
    history.events.rows.append(
        {
            "event_id": key,
            "customer_id": customer,
            "event_type": kind,
            "points": points,
            "event_at": text,
            "transaction_id": named,
        }
    )


def _write_header(history: History, header: Header, text: str, more: Row) -> None:
    history.shop.headers.append(header)
    row = {
        "transaction_id": header.transaction_id,
        "customer_id": header.customer_id,
        "store_id": header.store_id,
        "transaction_date": text,
        "total_amount": header.total_amount,
    }
    history.headers.rows.append({**row, **more})


def _write_lines(history: History, lines: list[Line]) -> None:
    history.shop.lines.extend(lines)
    history.lines.rows.extend(
        {
            "transaction_id": line.transaction_id,
            "line_item_id": line.line_item_id,
            "product_id": line.product_id,
            "promotion_id": line.promotion_id,
            "quantity": line.quantity,
            "line_item_amount": line.amount,
        }
        for line in lines
    )
