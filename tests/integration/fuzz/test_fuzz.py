"""Damaged files by the hundred: never a traceback, never a lost row, whichever way they are read.

LENS_FUZZ_FILES sets how many files the quick test takes, LENS_FUZZ_FIRST where it begins.
"""

import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing import copying, ingest
from loyalty_lens.landing.report import LandingReport
from loyalty_lens.landing.strictness import Refused
from loyalty_lens.quality.gate import validate
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker
from tests.helpers.shared import SharedGate
from tests.integration.fuzz.corpus import Damaged, damaged
from tests.integration.fuzz.plain_reader import Reading, Record, read_file

FIRST = int(os.environ.get("LENS_FUZZ_FIRST", "0"))
SAMPLE = range(FIRST, FIRST + int(os.environ.get("LENS_FUZZ_FILES", "200")))
ALL = range(2400)
KEPT_APART = ("_batch_id", "_row_number", "_extra", "_loaded_at")

Rows = dict[tuple[str, int], dict[str, str]]
"""(file, record): values by column, nulls left out."""
Lines = set[tuple[str, int]]
"""(file, physical line) of what is no record."""


def deliver(files: Iterable[Damaged], landing: Path) -> None:
    for file in files:
        path = landing / file.path
        path.parent.mkdir(parents=True)
        path.write_bytes(file.delivered)


def load(url: str, landing: Path) -> LandingReport:
    return ingest(url, landing, supersede_limit=Decimal("0.2"))


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def rows(url: str) -> Rows:
    found: Rows = {}
    for name in load_data_sets():
        for path, number, row in query(
            url,
            "select batches.source_file, rows._row_number, to_jsonb(rows)"
            f" from raw.{name} as rows"
            " inner join ops.load_batches as batches on rows._batch_id = batches.batch_id",
        ):
            values = {column: value for column, value in row.items() if column not in KEPT_APART}
            values |= row["_extra"] or {}
            found[path, number] = {c: v for c, v in values.items() if v is not None}
    return found


def malformed(url: str) -> Lines:
    return set(
        query(
            url,
            "select batches.source_file, lines.line_number from reject.malformed_lines as lines"
            " inner join ops.load_batches as batches on lines._batch_id = batches.batch_id",
        )
    )


def expected(readings: dict[str, Reading]) -> tuple[Rows, Lines]:
    """What the plain reader sees."""
    records: Rows = {}
    lines: Lines = set()
    for path, reading in readings.items():
        for item in reading.records:
            if isinstance(item, Record):
                pairs = zip(reading.columns, item.values, strict=True)
                records[path, item.number] = {c: v for c, v in pairs if v is not None}
            else:
                lines.add((path, item.line_number))
    return records, lines


def differences(seen: Rows, wanted: Rows) -> list[str]:
    return [
        f"{key}: {str(seen.get(key))[:300]} instead of {str(wanted.get(key))[:300]}"
        for key in sorted({*seen, *wanted})
        if seen.get(key) != wanted.get(key)
    ][:5]


@pytest.fixture(scope="module")
def gx_worker() -> Worker:
    return SharedGate()


@pytest.mark.parametrize(
    "numbers", [SAMPLE, pytest.param(ALL, marks=pytest.mark.full)], ids=["sample", "all"]
)
def test_every_record_that_a_plain_reader_sees_is_accounted_for(
    numbers: range,
    new_database: Callable[[], str],
    gx_worker: Worker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [damaged(number) for number in numbers]
    deliver(files, tmp_path)
    url = new_database()
    report = load(url, tmp_path)

    read = {
        file.path: None
        if file.is_torn
        else read_file(file.content, load_data_sets()[file.data_set])
        for file in files
    }
    refused = {path for path, reading in read.items() if reading is None}
    assert {file.path for file in report.problems} == refused
    assert all(file.message and "\n" not in file.message for file in report.problems)
    assert 0 < len(refused) < len(files) / 3
    readings = {path: reading for path, reading in read.items() if reading is not None}
    skipped = {file.path for file in report.with_outcome("skipped_same_content")}
    wanted, broken = expected({p: r for p, r in readings.items() if p not in skipped})
    assert differences(rows(url), wanted) == []
    assert malformed(url) ^ broken == set()
    assert len(broken) > len(files) / 20
    counts = {file.path: file.rows_read for file in report.loaded}
    assert counts == {
        path: len(reading.records) for path, reading in readings.items() if path not in skipped
    }

    validate(url, currency="EUR", default_time_zone="UTC", worker=gx_worker)
    assert (
        query(
            url,
            "select source_file from ops.load_batches"
            " where status not in ('validated', 'failed') or rows_read"
            " <> rows_accepted + rows_rejected + rows_duplicate + rows_malformed",
        )
        == []
    )

    def refuse(*_: object) -> None:
        raise Refused

    tolerant = new_database()
    monkeypatch.setattr(copying, "_copy_straight", refuse)
    load(tolerant, tmp_path)
    assert differences(rows(url), rows(tolerant)) == []
    assert malformed(url) == malformed(tolerant)
