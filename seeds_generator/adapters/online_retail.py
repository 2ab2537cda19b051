"""UCI Online Retail II as daily files of the input contract.

Chen, D. (2019), https://doi.org/10.24432/C5CG6D: invoices of a British shop for gifts, December
2009 to December 2011, one row a line. Also its forerunner Online Retail, whose columns have other
names. Two passes: the first puts the rows aside by day (``spool.py``) and counts descriptions, the
second writes one folder a day. In memory are what is read in one go, one day, and per invoice a
day; so it stays small whatever the length of the file.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seeds_generator.adapters.errors import AdapterError
from seeds_generator.adapters.invoices import HEADER, LINES, invoices
from seeds_generator.adapters.spool import Spool
from seeds_generator.adapters.stock_codes import PRODUCTS, Names
from seeds_generator.adapters.tables import Row, read_table
from seeds_generator.feed import PLAN
from seeds_generator.folder import files_in_the_way, locked, make_room, note

COLUMNS = (
    "Invoice|InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price|UnitPrice",
    "Customer ID|CustomerID",
    "Country",
)
STORES = ("store_id", "store_name", "country", "time_zone")
SCRATCH = ".adapting_"
TIME_ZONE = "Europe/London"  # one shop in Britain; its "stores" are the countries it sends to
US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
Progress = Callable[[int, int | None], None]  # rows read so far, or days written of how many


@dataclass(frozen=True)
class Adapted:
    """What came of it: counts of the records written, and what was left out."""

    rows: int
    repeated: int  # rows of invoices whose rows were all there before: left out
    days: int
    first_day: dt.date
    last_day: dt.date
    stores: int
    products: int
    headers: int
    lines: int


def adapt_online_retail(
    source: Path,
    out: Path,
    *,
    shift_to: dt.date | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Adapted:
    """Write ``out/YYYY-MM-DD/`` with the day's store_sales_header.csv and
    store_sales_line_items.csv, the first day with stores.csv and products.csv as well.

    With ``shift_to`` the n-th day of the file that has sales becomes the n-th calendar day from
    there on. Nothing appears in ``out`` before the file was read to its end. Raises AdapterError
    for a file that is not the data set, FolderError where ``out`` holds other data files (with
    ``replace`` those that were generated go first), OSError where it cannot be written.
    """
    told = progress or (lambda _done, _total: None)
    with locked(out):
        for left in out.glob(SCRATCH + "*"):  # of one that was killed
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=out) as scratch:
            files_in_the_way(out, replace=replace)
            shop = _Shop(Spool(Path(scratch)))
            shop.read(source, told)
            make_room(out, replace=replace)
            (out / PLAN).unlink(missing_ok=True)  # of lens feed, for a history that is gone
            return shop.write(out, Path(scratch), shift_to, told)


class _Shop:
    """What is known of the shop while its file goes by."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.names = Names()
        self.countries: set[str] = set()
        self.rows = self.repeated = self.headers = self.lines = 0

    def read(self, source: Path, told: Progress) -> None:
        """The first pass."""
        runs: dict[str, tuple[dt.date, int]] = {}
        before: list[Row] = []  # rows that have no day yet
        day: dt.date | None = None
        for rows in read_table(source, COLUMNS):
            last = None
            for cells in rows:
                self.rows += 1
                if not self.rows % 50_000:
                    told(self.rows, None)
                number, product, description, quantity, date, price, buyer, country = cells
                invoice, code = _identifier(number), _identifier(product)
                self.names.add(code, description)
                if country:
                    self.countries.add(country)
                moment, new_day = _moment(date, source, self.rows)
                day = new_day or day
                home, run = runs.get(invoice, (day, -1))
                run += invoice != last
                last = invoice
                row: Row = (
                    invoice,
                    moment,
                    _identifier(buyer),
                    country,
                    str(run),
                    code,
                    quantity,
                    price,
                )
                if home is None:
                    before.append(row)
                    continue
                runs[invoice] = (home, run)
                self.spool.add(home, row)
        if day is None:
            raise AdapterError(
                f"{source}: no row with a date such as 2010-12-01 08:26:00; nothing was written"
            )
        for row in before:
            self.spool.add(self.spool.days[0], row)
        self.spool.flush()

    def write(self, out: Path, scratch: Path, shift_to: dt.date | None, told: Progress) -> Adapted:
        """The second pass."""
        days = self.spool.days
        shifted = list(_shifted(days, shift_to))
        for done, (day, new_day) in enumerate(zip(days, shifted, strict=True), start=1):
            files = self._sales(day, new_day)
            if done == 1:
                stores = [(name, name, name, TIME_ZONE) for name in sorted(self.countries)]
                files["stores"] = [STORES, *stores]
                files["products"] = [PRODUCTS, *self.names.records()]
            for data_set, records in files.items():
                _write(out, f"{new_day}/{data_set}.csv", records, scratch)
            told(done, len(days))
        return Adapted(
            rows=self.rows,
            repeated=self.repeated,
            days=len(days),
            first_day=shifted[0],
            last_day=shifted[-1],
            stores=len(self.countries),
            products=len(self.names),
            headers=self.headers,
            lines=self.lines,
        )

    def _sales(self, day: dt.date, new_day: dt.date) -> dict[str, list[Sequence[str]]]:
        """The day's headers and lines, with their header rows."""
        headers: list[Sequence[str]] = [HEADER]
        lines: list[Sequence[str]] = [LINES]
        for invoice in invoices(self.spool.rows(day)):
            kept = invoice.without_repetition()
            self.repeated += len(invoice.lines) - len(kept)
            if invoice.moment.startswith(str(day)):
                invoice.moment = str(new_day) + invoice.moment[10:]
            headers.append(invoice.header(kept))
            lines.extend(invoice.records(kept))
        self.headers += len(headers) - 1
        self.lines += len(lines) - 1
        return {"store_sales_header": headers, "store_sales_line_items": lines}


def _shifted(days: Sequence[dt.date], shift_to: dt.date | None) -> Iterator[dt.date]:
    for place, day in enumerate(days):
        try:
            yield day if shift_to is None else shift_to + dt.timedelta(days=place)
        except OverflowError:
            raise AdapterError(
                f"{len(days)} days from {shift_to} on lie beyond the calendar; shift to an"
                " earlier day"
            ) from None


def _write(out: Path, name: str, records: Iterable[Sequence[str]], scratch: Path) -> None:
    """A file, complete or absent; the folder's manifest knows it before it appears."""
    partial = scratch / "partial"
    with partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(records)
    note(out, name)
    (out / name).parent.mkdir(exist_ok=True)
    partial.replace(out / name)


def _identifier(text: str) -> str:
    """17850.0, as a spreadsheet's float, is 17850."""
    return text[:-2] if text.endswith(".0") else text


def _moment(text: str, source: Path, row: int) -> tuple[str, dt.date | None]:
    """When, and on which day; the text as it is for what is no date: the gate then rejects it."""
    try:
        return _read_moment(text)
    except ValueError:
        raise AdapterError(
            f"{source}, row {row}: InvoiceDate {text} is no date with the month first; deliver"
            " dates as 2010-12-01 08:26"
        ) from None


@functools.lru_cache(maxsize=1024)
def _read_moment(text: str) -> tuple[str, dt.date | None]:
    """ISO, or 12/1/2010 8:26 as the published CSV of Online Retail writes the first of December."""
    if us := US_DATE.fullmatch(text):
        month, day, year, hour, minute, second = (int(part or 0) for part in us.groups())
        moment = dt.datetime(year, month, day, hour, minute, second)
    else:
        try:
            moment = dt.datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
        except ValueError:
            return text, None
    return str(moment), moment.date()
