"""What the generator planted is what the gate finds: every row, by its rule, and no other."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from seeds_generator import GeneratedFiles, generate
from seeds_generator.defects import EVENTS, KINDS, PROMOTIONS, REJECT, RULES
from seeds_generator.presets import PRESETS
from tests.conftest import NewDatabase
from tests.helpers.shared import shared_workers

SMALL_FILES = {EVENTS: 0.08, PROMOTIONS: 0.3, RULES: 0.3}  # few rows: more often than usual
RARE = {k.kind: SMALL_FILES[k.data_set] for k in KINDS if k.data_set in SMALL_FILES}
SHOP = replace(
    PRESETS["small"],
    promotions=8,
    defect_rate=0.04,
    defect_rates=RARE,
    late_rate=0.1,
    outlier_rate=0.001,
)
Found = Counter[tuple[str, int, str]]  # (file, record, rule)


class Shop:
    """The generated files, their truth, and the warehouse that one run has made of them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.truth = folder / "truth"
        self.files: GeneratedFiles = generate(SHOP, folder / "landing", truth=self.truth)
        settings = replace(
            Settings.from_environment(
                {"LENS_HOME": str(folder / "home"), "LENS_SETTLE_SECONDS": "0"}
            ),
            database_url=url,
            landing=folder / "landing",
        )
        with shared_workers(settings, url) as workers:
            run(settings, url, NO_DATE, workers)

    def planted(self, *outcomes: str) -> Found:
        """Rows of defects.csv."""
        with (self.truth / "defects.csv").open(encoding="utf-8", newline="") as stream:
            return Counter(
                (row["file"], int(row["record"]), row["rule"])
                for row in csv.DictReader(stream)
                if row["outcome"] in outcomes
            )

    def found(self, query: str) -> Found:
        """Rows of a query with file, record and rule."""
        with connected(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return Counter(cursor.fetchall())


@pytest.fixture(scope="module")
def shop(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("planted"), new_database())


def test_every_planted_defect_is_rejected_by_its_rule_and_nothing_else_is(shop: Shop) -> None:
    rejected = " union all ".join(
        "select batches.source_file, rows._row_number, failed.rule"
        f" from reject.{data_set} as rows"
        " inner join ops.load_batches as batches on rows._batch_id = batches.batch_id"
        " cross join unnest(rows.rule_ids) as failed (rule)"
        for data_set in load_data_sets()
    )
    planted = shop.planted("reject")
    assert {rule for _, _, rule in planted} == {
        "header_rejected",
        *(kind.rule for kind in KINDS if kind.outcome == REJECT),
    }
    assert shop.found(rejected) == planted


def test_every_kind_of_defect_is_planted(shop: Shop) -> None:
    with (shop.truth / "defects.csv").open(encoding="utf-8", newline="") as stream:
        planted = {(row["data_set"], row["kind"]) for row in csv.DictReader(stream)}
    assert {(kind.data_set, kind.kind) for kind in KINDS} - planted == set()


def test_every_planted_duplicate_is_found_and_no_other(shop: Shop) -> None:
    masters = ("stores", "products", "customer_details", "promotion_details", "loyalty_rules")
    query = (
        "select batches.source_file, duplicates._row_number, 'exact_duplicate'"
        " from ops.duplicates inner join ops.load_batches as batches"
        f" on duplicates._batch_id = batches.batch_id where batches.data_set not in {masters}"
    )
    planted = shop.planted("duplicate")
    assert len(planted) > 20
    assert shop.found(query) == planted


def test_every_planted_blemish_is_a_warning(shop: Shop) -> None:
    """Counts by file and rule; header_lines_differ follows from rejected lines."""
    query = (
        "select batches.source_file, sum(results.rows_failed)::int, results.rule_id"
        " from ops.validation_results as results"
        " inner join ops.load_batches as batches on results.batch_id = batches.batch_id"
        " where results.severity = 'warn' and results.rows_failed > 0"
        " and results.rule_id not in ('header_lines_differ', 'outlier', 'price_differs')"
        " group by batches.source_file, results.rule_id"
    )
    planted = Counter((file, rule) for file, _, rule in shop.planted("warn").elements())
    assert len({rule for _, rule in planted}) >= 4
    found = {(file, rule): count for file, count, rule in shop.found(query)}
    assert found == dict(planted)


def test_every_planted_outlier_is_suspect_and_counted_as_a_warning(shop: Shop) -> None:
    """Others are, too: about 1.6 % of this shop's lines are unusual by themselves."""
    with (shop.truth / "outliers.csv").open(encoding="utf-8", newline="") as stream:
        planted = Counter(
            (row["file"], int(row["record"]), "outlier") for row in csv.DictReader(stream)
        )
    suspect = shop.found(
        "select batches.source_file, lines._row_number, 'outlier' from clean.sale_lines as lines"
        " inner join ops.load_batches as batches on lines._batch_id = batches.batch_id"
        " where lines.is_suspect"
    )
    assert planted and planted <= suspect
    ((lines,),) = shop.found("select count(*) from clean.sale_lines")
    assert suspect.total() - planted.total() < 0.03 * lines
    warned = shop.found(
        "select sum(rows_failed)::int from ops.validation_results where rule_id = 'outlier'"
    )
    assert list(warned) == [(suspect.total(),)]


def test_only_copies_with_other_content_differ_from_the_price_list(shop: Shop) -> None:
    """Prices change and promotions take their share, and every other line agrees with them."""
    copies = Counter(
        file
        for file, _, rule in shop.planted("reject").elements()
        if rule == "duplicate_key" and "line_items" in file
    )
    differ = shop.found(
        "select batches.source_file, results.rows_failed::int, results.rule_id"
        " from ops.validation_results as results"
        " inner join ops.load_batches as batches on results.batch_id = batches.batch_id"
        " where results.rule_id = 'price_differs' and results.rows_failed > 0"
    )
    assert {file: count for file, count, _ in differ} == dict(copies)


def identities(shop: Shop, *kinds: str) -> list[dict[str, str]]:
    """Rows of identities.csv."""
    with (shop.truth / "identities.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["kind"] in kinds]


def test_second_registrations_are_possible_duplicates(shop: Shop) -> None:
    query = (
        "select matched_on, customer_id, customer_count::int"
        " from marts.possible_duplicates order by customer_id"
    )
    found = {(kind, customer) for kind, customer, _ in shop.found(query)}
    known = {customer for (customer,) in shop.found("select customer_id from clean.customers")}
    planted = [
        (row["kind"].removeprefix("same "), row["customer_id"], row["same_as"])
        for row in identities(shop, "same phone", "same e-mail")
        if {row["customer_id"], row["same_as"]} <= known
    ]
    assert planted
    both = {(kind, customer) for kind, *pair in planted for customer in pair}
    assert both - found == set()
    assert {each for each in found if each[0] == "e-mail"} <= both


def test_guests_who_registered_are_no_buyers_to_win_any_more(shop: Shop) -> None:
    closed = shop.found(
        "select customer_phone, customer_id, closed_date::text from marts.new_customers"
        " where status = 'closed'"
    )
    guests = identities(shop, "guest registers")
    planted = {row["customer_id"]: row["registered_on"] for row in guests}
    assert len(closed) > 3
    assert {customer for _, customer, _ in closed} <= set(planted)
    assert all(planted[customer] == day for _, customer, day in closed)
    still = shop.found("select count(*) > 3 from marts.new_customers where status = 'open'")
    assert list(still) == [(True,)]


def test_intervals_of_uplift_hold_what_was_planted(shop: Shop) -> None:
    """Some are about chance in so small a shop; none of the rest may be far off."""
    with (shop.truth / "promotions.csv").open(encoding="utf-8", newline="") as stream:
        truth = {
            row["promotion_id"]: float(row["effective_uplift"]) for row in csv.DictReader(stream)
        }
    with connected(shop.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select promotion_id, verdict, uplift_ratio_low, uplift_ratio_high"
            " from marts.promotion_uplift where uplift_ratio_low is not null"
        )
        rows = cursor.fetchall()
    held = [float(low) <= truth[promotion] <= float(high) for promotion, _, low, high in rows]
    assert len(held) >= 4
    assert sum(held) >= len(held) - 1
    assert not [row for row in rows if truth[row[0]] <= 0 and row[1] == "works"]
