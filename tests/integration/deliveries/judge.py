"""What must become of sales rows: the rules of the quality gate, one row at a time.

Written from the rules alone (docs, design section 6), for the kinds of rows that `shops` makes.
"""

import csv
import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from tests.integration.deliveries.shops import COLUMNS

# Later deliveries may mend these. A row that fails another rule, too, is not judged again: what it
# says of these is as of its first judgement.
REPLAYABLE = {
    *("unknown_store", "unknown_customer", "unknown_product"),
    *("header_missing", "header_rejected", "duplicate_key"),
}

Content = tuple[object, ...]


@dataclass
class Verdict:
    """Contents after cleaning; `rejected` with the rules that failed for good, else with all."""

    accepted: set[Content] = field(default_factory=set)
    rejected: set[tuple[Content, tuple[str, ...]]] = field(default_factory=set)
    read: int = 0
    malformed: int = 0


@dataclass(frozen=True)
class Delivery:
    """A file that counts; deliveries come in the order in which they were loaded."""

    data_set: str
    content: bytes
    file_date: dt.date | None


def judge(deliveries: list[Delivery], customers: Collection[str]) -> dict[str, Verdict]:
    """The verdict by data set."""
    headers = Verdict()
    known: dict[str, bool] = {}  # transaction: whether its header counts

    def header_faults(row: dict[str, str], file_date: dt.date | None) -> set[str]:
        date, amount = read_date(row["transaction_date"]), read_number(row["total_amount"])
        store, customer = row["store_id"], row["customer_id"]
        latest = file_date + dt.timedelta(days=1) if file_date else dt.date(2090, 1, 1)
        return {
            rule
            for rule, fails in {
                "missing_key": not row["transaction_id"],
                "missing_field": "" in (store, row["transaction_date"], row["total_amount"]),
                "bad_date": bool(row["transaction_date"]) and date is None,
                "date_out_of_range": date is not None
                and not dt.date(1990, 1, 1) <= date.date() <= latest,
                "bad_amount": bool(row["total_amount"]) and amount is None,
                "negative_amount": amount is not None and amount < 0,
                "unknown_store": store not in ("", "S1"),
                "unknown_customer": bool(customer) and customer not in customers,
            }.items()
            if fails
        }

    def line_faults(row: dict[str, str], _: dt.date | None) -> set[str]:
        transaction, product = row["transaction_id"], row["product_id"]
        quantity, amount = read_number(row["quantity"]), read_number(row["line_item_amount"])
        return {
            rule
            for rule, fails in {
                "missing_key": "" in (row["line_item_id"], transaction),
                "header_missing": bool(transaction) and transaction not in known,
                "header_rejected": known.get(transaction) is False,
                "missing_field": "" in (product, row["quantity"], row["line_item_amount"]),
                "unknown_product": product not in ("", "P1"),
                "bad_quantity": bool(row["quantity"]) and quantity is None,
                "quantity_not_positive": quantity is not None and quantity <= 0,
                "bad_amount": bool(row["line_item_amount"]) and amount is None,
                "negative_amount": amount is not None and amount < 0,
            }.items()
            if fails
        }

    _judge(headers, deliveries, "store_sales_header", 1, header_faults, known)
    lines = Verdict()
    _judge(lines, deliveries, "store_sales_line_items", 2, line_faults, {})
    return {"store_sales_header": headers, "store_sales_line_items": lines}


def _judge(
    verdict: Verdict,
    deliveries: list[Delivery],
    data_set: str,
    key_size: int,
    faults: Callable[[dict[str, str], dt.date | None], set[str]],
    known: dict[str, bool],
) -> None:
    taken: set[tuple[object, ...]] = set()
    seen: set[Content] = set()
    for delivery in deliveries:
        if delivery.data_set != data_set:
            continue
        for row in read_rows(delivery.content):
            verdict.read += 1
            if row is None:
                verdict.malformed += 1
                continue
            content = cleaned(data_set, row)
            key = content[:key_size]
            if None not in key and content in seen:
                continue
            seen.add(content)
            broken = faults(row, delivery.file_date)
            if None not in key and key in taken:
                broken.add("duplicate_key")
            if broken:
                verdict.rejected.add((content, lasting(broken)))
                known.setdefault(row[COLUMNS[data_set][0]], False)
            else:
                verdict.accepted.add(content)
                taken.add(key)
                known[row[COLUMNS[data_set][0]]] = True


def lasting(rules: Collection[str]) -> tuple[str, ...]:
    """The rules that failed for good; where there are none, all."""
    return tuple(sorted({*rules} - REPLAYABLE or {*rules}))


def cleaned(data_set: str, row: dict[str, str]) -> Content:
    """The contract's columns as they are read; key columns and their order as in COLUMNS."""
    readers: dict[str, Callable[[str], object]] = {
        "transaction_date": read_date,
        "total_amount": read_number,
        "quantity": read_number,
        "line_item_amount": read_number,
    }
    return tuple(
        readers.get(name, lambda text: text or None)(row[name]) for name in COLUMNS[data_set]
    )


def read_rows(content: bytes) -> list[dict[str, str] | None]:
    """Records below the header; None for a line that is no record."""
    names, *lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip(" ")]
    separator = next(mark for mark in ",;\t|" if mark in names)
    columns = names.split(separator)
    rows: list[dict[str, str] | None] = []
    for line in lines:
        if "\0" in line or line.count('"') % 2:
            rows.append(None)
            continue
        values = next(csv.reader([line], delimiter=separator))
        is_record = len(values) == len(columns)
        rows.append(
            {c: v.strip() for c, v in zip(columns, values, strict=True)} if is_record else None
        )
    return rows


def read_date(text: str) -> dt.datetime | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y %H:%M", "%Y/%m/%d %H:%M:%S"):
        try:
            return dt.datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def read_number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "")).normalize() if text else None
    except InvalidOperation:
        return None
