"""Design section 5: nothing is lost, a repetition changes nothing, order does not matter."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.errors import TransformError, WarehouseError
from loyalty_lens.landing import ingest
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.runs import open_row
from loyalty_lens.transform.build import build
from seeds_generator import GeneratedFiles, GeneratorOptions, generate
from seeds_generator.defects import KINDS, LINES, REJECT
from tests.integration.pipeline.worlds import MARTS, World

UNACCOUNTED = """
select data_set, batch_id from ops.load_batches
where
    status = 'validated'
    and rows_read <> rows_accepted + rows_rejected + rows_duplicate + rows_malformed
"""
DIFFERENCES = """
select count(*) from marts.layer_reconciliation
where
    rows_difference <> 0 or clean_difference <> 0 or amount_difference <> 0
    or raw_difference <> 0 or mart_difference <> 0
"""
OPTIONS = GeneratorOptions(
    history_days=30,
    days=3,
    customers=120,
    stores=3,
    products=60,
    promotions=3,
    end=dt.date(2026, 1, 11),
    defect_rate=0.05,
)


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, GeneratedFiles]]:
    folder = tmp_path_factory.mktemp("drops")
    yield folder, generate(OPTIONS, folder)


@pytest.fixture(scope="module")
def at_once(fresh_world: Callable[[str], World], drops: tuple[Path, GeneratedFiles]) -> World:
    """All days in one run."""
    world = fresh_world("at_once")
    world.run(drops[0])
    return world


def deliver(drops: Path, world: World, *names: str) -> None:
    """Days that come together, and a run."""
    for name in names:
        shutil.copytree(drops / name, world.settings.landing / name, dirs_exist_ok=True)
    world.run()


def test_every_planted_defect_is_found_by_its_rule_and_nothing_is_lost(
    at_once: World, drops: tuple[Path, GeneratedFiles]
) -> None:
    _, generated = drops
    assert at_once.rows(UNACCOUNTED) == []
    assert at_once.value(DIFFERENCES) == 0
    rejected = {(kind.data_set, kind.rule) for kind in KINDS if kind.outcome == REJECT}
    rejected.add((LINES, "header_rejected"))
    planted = {key: count for key, count in generated.defects.items() if key in rejected}
    assert at_once.rejects() == planted


def test_a_second_run_over_the_same_files_changes_nothing(
    at_once: World, drops: tuple[Path, GeneratedFiles]
) -> None:
    before = at_once.contents(*MARTS)
    batches = at_once.value("select count(*) from ops.load_batches")
    at_once.run(drops[0])
    assert at_once.value("select count(*) from ops.load_batches") == batches
    assert at_once.contents(*MARTS) == before


@pytest.mark.parametrize(
    "order",
    [
        ["2", "history 3", "1 2"],
        pytest.param(["2", "history", "3", "1", "2"], marks=pytest.mark.full),
        pytest.param(["history", "1", "2", "3"], marks=pytest.mark.full),
    ],
    ids=" | ".join,
)
def test_days_in_any_order_end_in_the_same_marts(
    world: World, at_once: World, drops: tuple[Path, GeneratedFiles], order: list[str]
) -> None:
    folder, _ = drops
    days = sorted(day.name for day in folder.iterdir())  # history comes last
    names = dict(zip(("1", "2", "3", "history"), days, strict=True))
    for together in order:
        deliver(folder, world, *(names[name] for name in together.split()))
    assert world.contents(*MARTS) == at_once.contents(*MARTS)


def test_a_corrected_day_leaves_the_marts_of_a_world_that_knew_only_the_correction(
    fresh_world: Callable[[], World], small_shop: dict[str, str]
) -> None:
    header, lines = (
        small_shop.pop("store_sales_header.csv"),
        small_shop.pop("store_sales_line_items.csv"),
    )
    corrected = header.replace("T2,C1,S2,2026-01-02 10:00:00,120", "T2,C3,S2,2026-01-02,90")
    marts = []
    for versions in ([header, corrected], [corrected]):
        world = fresh_world()
        for name, text in small_shop.items():
            world.write(name, text)
        world.write("2026-01-04/store_sales_line_items.csv", lines)
        for version in versions:
            world.write("2026-01-04/store_sales_header.csv", version)
            world.run()
        marts.append(world.contents(*MARTS))
    assert marts[0] == marts[1]


def test_a_past_business_date_gives_the_same_rows_after_later_days_arrived(
    world: World, drops: tuple[Path, GeneratedFiles]
) -> None:
    folder, _ = drops
    days = sorted(day.name for day in folder.iterdir() if day.name != "history")
    deliver(folder, world, "history", days[0])
    tables = ("marts.customer_rfm", "marts.points_ledger", "marts.points_balances")
    then = world.contents(*tables)
    deliver(folder, world, *days[1:])
    newest = world.contents(*tables)
    assert newest != then
    world.run(business_date=days[0])
    assert world.contents(*tables) == then
    world.run()
    assert world.contents(*tables) == newest


def test_a_sale_waits_for_its_customer_and_comes_through(
    world: World, small_shop: dict[str, str]
) -> None:
    customers = small_shop["customer_details.csv"]
    small_shop["customer_details.csv"] = customers.replace("C2,Bob,bob@example.com,0,\n", "")
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    assert world.rows(
        "select transaction_id, status from reject.store_sales_header order by 1"
    ) == [
        ("T3", "open"),
        ("T5", "open"),
    ]
    world.write("later/customer_details_more.csv", "customer_id,first_name\nC2,Bob\n")
    world.run()
    assert set(world.rows("select status from reject.store_sales_header")) == {("replayed",)}
    assert world.value("select points from marts.points_ledger where transaction_id = 'T3'") == 50
    assert world.rows(UNACCOUNTED) == []


def test_an_undated_file_with_a_known_key_and_other_content_is_told_how_to_correct_it(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    header = small_shop["store_sales_header.csv"].splitlines()
    again = f"{header[0]}\n{header[1]}\n{header[2].replace('120', '121')}\n"
    world.write("more/store_sales_header_again.csv", again)
    world.run()
    ((rules, errors),) = world.rows("select rule_ids, errors from reject.store_sales_header")
    assert rules == ["duplicate_key"]
    assert "lens ingest --replace" in errors[0]["message"]
    assert world.value("select sum(rows_duplicate) from ops.load_batches") == 1


def test_a_customer_returns_what_was_bought_as_a_guest_with_the_customers_phone(
    world: World,
) -> None:
    world.write("customer_details.csv", "customer_id,customer_phone\nC1,+49 30 12\n")
    world.write(
        "loyalty_rules.csv",
        "rule_id,points_per_unit_spend,min_spend_threshold,bonus_points\n1,1,0,0\n",
    )
    world.write(
        "store_sales_header.csv",
        "transaction_id,customer_id,customer_phone,store_id,transaction_date,total_amount,"
        "original_transaction_id\n"
        "T1,,493012,S1,2026-01-01,100,\nT2,C1,,S1,2026-01-03,-40,T1\n",
    )
    world.run()
    assert world.rejects() == {}
    assert world.rows("select customer_id, balance from marts.points_balances") == [("C1", 60)]


def test_nothing_is_built_over_a_corrected_day_that_is_not_yet_judged(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(f"2026-01-04/{name}", text)
    world.run()
    header = small_shop["store_sales_header.csv"]
    world.write("2026-01-04/store_sales_header.csv", header.replace(",120", ",121"))
    ingest(world.url, world.settings.landing, supersede_limit=Decimal("0.2"))
    with pytest.raises(TransformError, match="lens validate"):
        build(world.url, world.workers.dbt, "all", run_id=None, business_date=None)
    assert world.value("select sum(total_amount) from clean.sales") == 300
    world.run()
    assert world.value("select sum(total_amount) from clean.sales") == 301


def test_a_run_that_was_killed_does_not_stay_running(world: World) -> None:
    open_row(world.url, "killed", RequestedDate(None, is_explicit=False), "cli")
    with (
        only_run(world.url),
        pytest.raises(WarehouseError, match="another run"),
        only_run(world.url),
    ):
        pytest.fail("two runs at once")
    assert world.rows("select status from ops.pipeline_runs") == [("failed",)]
