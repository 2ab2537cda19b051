"""A plain second opinion on a folder of files: the rules of semantics.md, one row at a time.

Written from the specification alone, for the columns that the team files have: no returns, no
redemptions, no guests with a phone, one group of earning rules.
"""

import csv
import datetime as dt
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

NULLS = {"", "NULL", "NAN", "N/A"}
Row = dict[str, str | None]


@dataclass
class Opinion:
    """What should come out of a folder."""

    read: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    points: dict[str, int] = field(default_factory=dict)
    purchases: dict[str, tuple[dt.date, int, Decimal]] = field(default_factory=dict)
    as_of: dt.date | None = None


def opinion(folder: Path) -> Opinion:
    """Reads, judges and reckons the seven files of a team."""
    result = Opinion()
    masters = {
        name: _master(result, folder, name, key)
        for name, key in (
            ("stores", "store_id"),
            ("products", "product_id"),
            ("customer_details", "customer_id"),
            ("promotion_details", "promotion_id"),
            ("loyalty_rules", "rule_id"),
        )
    }
    headers = _headers(result, folder, masters)
    _lines(result, folder, masters, headers)
    _reckon(result, masters, headers)
    return result


def read_rows(path: Path) -> list[Row]:
    """Records after the header; short ones padded; cells cleaned as the contract says."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        return [
            {
                name: _clean(record[place]) if place < len(record) else None
                for place, name in enumerate(names)
            }
            for record in reader
            if record
        ]


def _clean(cell: str) -> str | None:
    cell = cell.strip()
    return None if cell.upper() in NULLS else cell


def _key(cell: str | None) -> str | None:
    return re.sub(r"^(\d+)\.0+$", r"\1", cell) if cell else None


def _number(cell: str | None) -> Decimal | None:
    try:
        return Decimal(cell.replace(",", "")) if cell else None
    except InvalidOperation:
        return None


def _date(cell: str | None) -> dt.date | None:
    try:
        return dt.datetime.fromisoformat(cell).date() if cell else None
    except ValueError:
        return None


def _master(result: Opinion, folder: Path, name: str, key: str) -> dict[str, Row]:
    rows = read_rows(folder / f"{name}.csv")
    found: dict[str, Row] = {}
    duplicates = 0
    for row in rows:
        identity = _key(row[key])
        if identity is None:
            result.rules[name, "missing_key"] += 1
        elif found.get(identity) == row:
            duplicates += 1
        else:
            found[identity] = row
    result.read[name] = len(rows)
    result.duplicates[name] = duplicates
    result.rejected[name] = sum(n for (where, _), n in result.rules.items() if where == name)
    result.accepted[name] = len(rows) - duplicates - result.rejected[name]
    return found


def _headers(
    result: Opinion, folder: Path, masters: dict[str, dict[str, Row]]
) -> dict[str, Row | None]:
    """Accepted headers by key; a key whose headers were all rejected maps to None."""

    def faults(row: Row) -> set[str]:
        amount, day = _number(row["total_amount"]), _date(row["transaction_date"])
        customer, store = _key(row["customer_id"]), _key(row["store_id"])
        found = {
            "missing_key": _key(row["transaction_id"]) is None,
            "missing_field": None in (row["transaction_date"], row["total_amount"], store),
            "bad_date": row["transaction_date"] is not None and day is None,
            "bad_amount": row["total_amount"] is not None and amount is None,
            "negative_amount": amount is not None and amount < 0,
            "unknown_store": store is not None and store not in masters["stores"],
            "unknown_customer": customer is not None
            and customer not in masters["customer_details"],
        }
        return {rule for rule, is_broken in found.items() if is_broken}

    names = ("transaction_id", "customer_id", "store_id")
    return _events(result, folder, "store_sales_header", names, ("transaction_id",), faults)


def _lines(
    result: Opinion,
    folder: Path,
    masters: dict[str, dict[str, Row]],
    headers: dict[str, Row | None],
) -> None:
    def faults(row: Row) -> set[str]:
        header, product = _key(row["transaction_id"]), _key(row["product_id"])
        amount, quantity = _number(row["line_item_amount"]), _number(row["quantity"])
        found = {
            "missing_key": None in (header, _key(row["line_item_id"])),
            "header_missing": header is not None and header not in headers,
            "header_rejected": header in headers and headers[str(header)] is None,
            "missing_field": None in (product, row["quantity"], row["line_item_amount"]),
            "unknown_product": product is not None and product not in masters["products"],
            "bad_amount": row["line_item_amount"] is not None and amount is None,
            "negative_amount": amount is not None and amount < 0,
            "bad_quantity": row["quantity"] is not None and quantity is None,
            "quantity_not_positive": quantity is not None and quantity <= 0,
        }
        return {rule for rule, is_broken in found.items() if is_broken}

    names = ("transaction_id", "line_item_id", "product_id", "promotion_id")
    key = ("transaction_id", "line_item_id")
    _events(result, folder, "store_sales_line_items", names, key, faults)


def _events(
    result: Opinion,
    folder: Path,
    data_set: str,
    ids: tuple[str, ...],
    key: tuple[str, ...],
    faults: object,
) -> dict[str, Row | None]:
    rows = read_rows(folder / f"{data_set}.csv")
    contract = [*ids, "transaction_date", "total_amount", "quantity", "line_item_amount"]
    accepted: dict[tuple[str | None, ...], Row | None] = {}
    seen: set[tuple[object, ...]] = set()
    duplicates = rejected = 0
    for row in rows:
        content = tuple(_key(row.get(name)) if name in ids else row.get(name) for name in contract)
        identity = tuple(_key(row[name]) for name in key)
        if None not in identity and content in seen:
            duplicates += 1
            continue
        seen.add(content)
        broken = faults(row)  # type: ignore[operator]
        if not broken and accepted.get(identity) is not None:
            broken = {"duplicate_key"}
        if broken:
            rejected += 1
            result.rules.update((data_set, rule) for rule in broken)
            accepted.setdefault(identity, None)
        else:
            accepted[identity] = row
    result.read[data_set] = len(rows)
    result.duplicates[data_set] = duplicates
    result.rejected[data_set] = rejected
    result.accepted[data_set] = len(rows) - duplicates - rejected
    return {str(identity[0]): row for identity, row in accepted.items() if identity[0]}


def _reckon(
    result: Opinion, masters: dict[str, dict[str, Row]], headers: dict[str, Row | None]
) -> None:
    points: dict[str, int] = defaultdict(int)
    for customer, row in masters["customer_details"].items():
        points[customer] += int(_number(row["total_loyalty_points"]) or 0)
    spent: dict[str, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for header in headers.values():
        if header is None:
            continue
        day, amount = _date(header["transaction_date"]), _number(header["total_amount"])
        assert day is not None and amount is not None
        result.as_of = max(result.as_of or day, day)
        customer = _key(header["customer_id"])
        if customer:
            points[customer] += _earned(masters["loyalty_rules"], day, amount)
            spent[customer].append((day, amount))
    result.points = dict(points)
    result.purchases = {
        customer: (max(day for day, _ in sales), len(sales), sum((a for _, a in sales), Decimal(0)))
        for customer, sales in spent.items()
    }


def _earned(rules: dict[str, Row], day: dt.date, amount: Decimal) -> int:
    met = [
        (_number(rule["min_spend_threshold"]), rule)
        for rule in rules.values()
        if amount >= (_number(rule["min_spend_threshold"]) or 0)
        and (_date(rule.get("start_date")) or day) <= day <= (_date(rule.get("end_date")) or day)
    ]
    if not met:
        return 0
    rule = max(met, key=lambda pair: pair[0] or 0)[1]
    rate, bonus = _number(rule["points_per_unit_spend"]), _number(rule["bonus_points"])
    return math.floor(amount * (rate or 0)) + int(bonus or 0)
