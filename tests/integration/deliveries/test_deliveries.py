"""Invariants 1 to 3 of the design at the gate, for random shops: dozens at once in one warehouse.

LENS_DELIVERIES sets how many warehouses the quick test fills.
"""

import gzip
import hashlib
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing import ingest
from loyalty_lens.landing.discovery import date_in
from loyalty_lens.quality.gate import validate
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker
from tests.helpers.shared import SharedGate
from tests.integration.deliveries.judge import Content, Delivery, Verdict, cleaned, judge, lasting
from tests.integration.deliveries.shops import COLUMNS, Shop, put, shop
from tests.integration.landing.conftest import EMPTY

FEW = int(os.environ.get("LENS_DELIVERIES", "2"))
MANY = 300
STEPS = 3
BASE = {
    "stores.csv": b"store_id\nS1\n",
    "products.csv": b"product_id\nP1\n",
    "customer_details.csv": b"customer_id\nnobody\n",
    "store_sales_header.csv": b"transaction_id,store_id,transaction_date,total_amount\n"
    b"none,S1,2026-01-05,1\n",
}
ROWS = """
select batches.source_file, {columns}
from {table} as rows inner join ops.load_batches as batches on rows._batch_id = batches.batch_id
"""


@dataclass(frozen=True)
class Gate:
    """A warehouse without marts, emptied for every example, and its landing folder."""

    url: str
    landing: Path
    worker: Worker

    def empty(self) -> None:
        self.query(EMPTY)
        shutil.rmtree(self.landing, ignore_errors=True)
        put(BASE, self.landing)

    def take(self, *deliveries: dict[str, bytes]) -> None:
        """Files into the landing folder, and what `lens ingest` and `lens validate` do."""
        for files in deliveries:
            put(files, self.landing)
        ingest(self.url, self.landing, supersede_limit=Decimal(1))
        validate(self.url, currency="EUR", default_time_zone="UTC", worker=self.worker)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with connected(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def verdicts(self) -> dict[str, dict[str, Verdict]]:
        """By shop and data set, what the warehouse says."""
        found: dict[str, dict[str, Verdict]] = {}

        def of(path: str, data_set: str) -> Verdict:
            empty = {name: Verdict() for name in COLUMNS}
            return found.setdefault(path.partition("/")[0], empty)[data_set]

        for name in COLUMNS:
            columns = ", ".join(COLUMNS[name])
            accepted = ROWS.format(columns=columns, table=f"accepted.{name}")
            for path, *values in self.query(accepted):
                of(path, name).accepted.add(content_of(name, values))
            rejected = ROWS.format(columns=f"rule_ids, {columns}", table=f"reject.{name}")
            for path, rules, *values in self.query(f"{rejected} where rows.status = 'open'"):
                row = (content_of(name, values), lasting(rules))
                of(path, name).rejected.add(row)
            for path, read, malformed in self.query(
                "select source_file, rows_read, rows_malformed from ops.load_batches"
                f" where data_set = '{name}' and status = 'validated'"
            ):
                verdict = of(path, name)
                verdict.read += read
                verdict.malformed += malformed
        return found

    def live(self) -> list[tuple[str, str, str]]:
        """(data set, file, hash of its content) of the batches that count, as they came."""
        return self.query(  # type: ignore[return-value]
            "select data_set, source_file, sha256 from ops.load_batches"
            " where status = 'validated' order by batch_id"
        )

    def unaccounted(self) -> list[tuple[Any, ...]]:
        """Live batches whose rows or amounts are not what their parts sum to."""
        lost = []
        for name, data_set in load_data_sets().items():
            amount = f"ops.read_number({data_set.amount}, '.')" if data_set.amount else "0"
            lost += self.query(
                f"""
                with parts (batch, part, amount) as (
                    select _batch_id, 'raw', {amount} from raw.{name}
                    union all
                    select _batch_id, 'malformed', 0 from reject.malformed_lines
                    union all
                    select _batch_id, 'part', {amount} from accepted.{name}
                    union all
                    select _batch_id, 'part', {amount} from reject.{name} where status <> 'replayed'
                    union all
                    select rows._batch_id, 'part', {amount} from ops.duplicates
                    inner join raw.{name} as rows using (_batch_id, _row_number)
                    where duplicates.data_set = '{name}'
                )
                select batch_id, source_file, array_agg(part)
                from ops.load_batches inner join parts on batch_id = batch
                where data_set = '{name}' and status = 'validated'
                group by batch_id
                having
                    count(*) filter (where part = 'raw') <> count(*) filter (where part = 'part')
                    or sum(amount) filter (where part = 'raw')
                    <> coalesce(sum(amount) filter (where part = 'part'), 0)
                    or rows_read <> count(*) filter (where part <> 'part')
                    or rows_read
                    <> rows_accepted + rows_rejected + rows_duplicate + rows_malformed
                """
            )
        return lost

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """All that a run repeated must leave as it is."""
        tables = [f"{schema}.{name}" for schema in ("accepted", "reject") for name in COLUMNS]
        tables += ["ops.duplicates", "ops.load_batches", "reject.malformed_lines"]
        return [sorted(self.query(f"select cast(t as text) from {name} as t")) for name in tables]


def content_of(data_set: str, values: list[str | None]) -> Content:
    texts = [(value or "").strip() for value in values]
    return cleaned(data_set, dict(zip(COLUMNS[data_set], texts, strict=True)))


def expected(
    gate: Gate, shops: list[Shop], contents: dict[str, tuple[str, bytes]]
) -> dict[str, dict[str, Verdict]]:
    """The judgement of the plain rules over the live batches, in the order in which they came."""
    deliveries: dict[str, list[Delivery]] = {made.name: [] for made in shops}
    for data_set, path, sha256 in gate.live():
        name = path.partition("/")[0]
        if name in deliveries and data_set in COLUMNS:
            delivery = Delivery(data_set, contents[sha256][1], date_in(path))
            deliveries[name].append(delivery)
    return {made.name: judge(deliveries[made.name], customers(made)) for made in shops}


def customers(made: Shop) -> set[str]:
    return {
        line.partition(",")[0]
        for step in made.steps
        for path, content in step.items()
        if "customer_details" in path
        for line in content.decode().splitlines()[1:]
    }


def delivered(shops: list[Shop]) -> dict[str, tuple[str, bytes]]:
    """Hash of the uncompressed content: (data set, content), of every file there ever was."""
    return {
        hashlib.sha256(plain(path, content)).hexdigest(): (data_set, plain(path, content))
        for made in shops
        for step in made.steps
        for path, content in step.items()
        for data_set in COLUMNS
        if data_set in path
    }


def plain(path: str, content: bytes) -> bytes:
    return gzip.decompress(content) if path.endswith(".gz") else content


def final(made: Shop) -> dict[str, bytes]:
    """What lies in the landing folder in the end; a correction has its old file's place."""
    files: dict[str, tuple[str, bytes]] = {}
    for step in made.steps:
        files |= {path.removesuffix(".gz"): (path, content) for path, content in step.items()}
    return dict(files.values())


def compare(gate: Gate, shops: list[Shop]) -> dict[str, dict[str, Verdict]]:
    """Everything that must hold of a warehouse, whatever came in whatever order."""
    assert gate.unaccounted() == []
    files = {
        hashlib.sha256(plain(path, content)).hexdigest()
        for made in shops
        for path, content in final(made).items()
        if "customer_details" not in path
    }
    live = {sha256 for name, path, sha256 in gate.live() if name in COLUMNS and "/" in path}
    assert live == files
    found, wanted = gate.verdicts(), expected(gate, shops, delivered(shops))
    for made in shops:
        for data_set in COLUMNS:
            seen = found.get(made.name, {}).get(data_set, Verdict())
            assert different(seen, wanted[made.name][data_set]) == {}, f"{made.name} {data_set}"
    return found


def different(seen: Verdict, wanted: Verdict) -> dict[str, object]:
    """What one has and the other has not."""
    pairs: dict[str, tuple[set[Any], set[Any]]] = {
        "accepted": (seen.accepted, wanted.accepted),
        "rejected": (seen.rejected, wanted.rejected),
    }
    found: dict[str, object] = {name: (a - b, b - a) for name, (a, b) in pairs.items() if a != b}
    counts = [(made.read, made.malformed) for made in (seen, wanted)]
    return found | ({"counts": counts} if counts[0] != counts[1] else {})


def example(first: Gate, second: Gate, shops: list[Shop], order: int) -> None:
    """The deliveries step by step, then once more; and what they end in, in another order."""
    first.empty()
    for number in range(max(len(made.steps) for made in shops)):
        first.take(*(made.steps[number] for made in shops if number < len(made.steps)))
    found = compare(first, shops)
    before = first.everything()
    first.take()
    assert first.everything() == before

    second.empty()
    chance = random.Random(order)  # noqa: S311
    halves: tuple[dict[str, bytes], dict[str, bytes]] = ({}, {})
    for made in shops:
        for path, content in final(made).items():
            chance.choice(halves)[path] = content
    for half in halves:
        second.take(half)
    other = compare(second, shops)
    for made in shops:
        if not made.has_conflicts:
            for data_set in COLUMNS:
                ours, theirs = (
                    world.get(made.name, {}).get(data_set, Verdict()) for world in (found, other)
                )
                assert (ours.accepted, ours.rejected) == (theirs.accepted, theirs.rejected)


@pytest.fixture(scope="module")
def gates(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Gate, Gate]:
    folder = tmp_path_factory.mktemp("deliveries")
    first, second = (Gate(new_database(), folder / name, SharedGate()) for name in ("a", "b"))
    return first, second


shops_of_an_example = st.lists(
    st.builds(shop, st.integers(0, 1 << 32), st.integers(1, STEPS), st.integers(1, 5)),
    min_size=1,
    max_size=16,
    unique_by=lambda made: made.name,
)


def run_examples(gates: tuple[Gate, Gate], count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(shops_of_an_example, st.integers(0, 1 << 16))
    def check(shops: list[Shop], order: int) -> None:
        example(*gates, shops, order)

    check()


def test_nothing_is_lost_repetition_is_idle_and_the_order_does_not_matter(
    gates: tuple[Gate, Gate],
) -> None:
    example(*gates, [shop(seed, STEPS, 6) for seed in range(40)], order=1)


def test_the_same_for_shops_that_hypothesis_chooses(gates: tuple[Gate, Gate]) -> None:
    run_examples(gates, FEW)


@pytest.mark.full
def test_the_same_for_many_shops(gates: tuple[Gate, Gate]) -> None:
    run_examples(gates, MANY)
