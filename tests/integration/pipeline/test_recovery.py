"""The warehouse comes back: from a backup to the last row, and from the landing files alone."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_lens.errors import QualityError, TransformError, WarehouseError
from loyalty_lens.recovery.backup import back_up, backups, last_backup
from loyalty_lens.recovery.restore import restore
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.access import drop_warehouse, warehouse_url
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.migrate import SCHEMAS
from seeds_generator import GeneratorOptions, generate
from tests.dags.told import listening
from tests.integration.pipeline.worlds import MARTS, World

OPTIONS = GeneratorOptions(
    history_days=20,
    days=1,
    customers=60,
    stores=2,
    products=30,
    promotions=2,
    end=dt.date(2026, 1, 11),
    defect_rate=0.05,
)


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("drops")
    generate(OPTIONS, folder)
    yield folder


def everything(world: World) -> dict[str, str]:
    """A hash of all rows of every table and every layer, and the definition of every view."""
    found = {}
    for schema, table in world.rows(
        "select schemaname, tablename from pg_tables where schemaname = any(%s)", list(SCHEMAS)
    ):
        if (schema, table) != ("ops", "backups"):
            found[f"{schema}.{table}"] = world.value(
                "select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), ''))"
                f' from {schema}."{table}" as t'
            )
    views = world.rows(
        "select schemaname || '.' || viewname, definition from pg_views where schemaname = any(%s)",
        list(SCHEMAS),
    )
    return found | dict(views)


def test_the_warehouse_is_dropped_and_comes_back(
    fresh_world: Callable[[], World], drops: Path, tmp_path: Path
) -> None:
    world = fresh_world()
    landing = world.settings.landing
    *before, last = sorted(drops.iterdir(), key=lambda day: (day.name != "history", day.name))
    for day in before:
        shutil.copytree(day, landing / day.name)
        world.run()
    (digest,) = world.settings.exports.glob("2026-01-*/digest.html")
    page = digest.read_text("utf-8")
    for told in ("Revenue, EUR", "What came with this run", "header_rejected", "Points issued"):
        assert told in page
    saved = everything(world)
    assert len(saved) > 100
    backup, content = back_up(world.url, tmp_path, keep=1)
    assert content.row_counts["raw.store_sales_header"] > 100

    drop_warehouse(world.settings)
    warehouse_url(world.settings)
    assert everything(world) != saved
    assert restore(world.url, backup.path) == content
    assert everything(world) == saved
    granted = "select has_column_privilege('lens_bi', 'marts.customer_rfm', 'monetary', 'select')"
    assert world.value(granted) is True

    a_gate_that_fails_stops_there(world)
    restore(world.url, backup.path)
    assert everything(world) == saved

    # A backup that is cut off changes nothing, whatever of it can be read.
    whole = backup.path.read_bytes()
    for share in (0.02, 0.5, 0.999):
        cut = tmp_path / "cut.dump"
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(WarehouseError, match="the warehouse is as it was"):
            restore(world.url, cut)
        assert everything(world) == saved

    # The next run goes on from there, and the files alone lead to the same marts.
    shutil.copytree(last, landing / last.name)
    world.run()
    went_on = world.contents(*MARTS)
    rebuilt = fresh_world()
    rebuilt.run(landing)
    assert rebuilt.contents(*MARTS) == went_on


def a_gate_that_fails_stops_there(world: World) -> None:
    """The marts of the run before stay, dashboards say so, and somebody is told."""
    before = world.contents(*MARTS)
    ((run_id, business_date),) = world.rows("select run_id, business_date from marts.data_status")
    with listening() as told:
        broken = replace(
            world, settings=replace(world.settings, feed="no such rules", alert_webhook=told.url)
        )
        sale = "T-NEW,C000001,S01,2026-01-11,5\n"
        header = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
        file = world.write("store_sales_header_new.csv", header + sale)
        with pytest.raises(QualityError, match="no such rules"):
            broken.run()
    assert world.contents(*MARTS) == before
    assert world.rows("select status, run_id, business_date from marts.data_status") == [
        ("the newest run failed", run_id, business_date)
    ]
    (alert,) = told.alerts
    assert (alert["kind"], alert["subject"]) == ("run failed", "lens run: validate failed")
    assert "no such rules" in alert["reason"]
    # What waits for the gate does not reach the marts by another way either.
    with pytest.raises(TransformError, match="wait to be judged"):
        build(world.url, world.workers.dbt, "marts", run_id=None, business_date=None)
    file.unlink()


def test_only_the_newest_backups_stay_and_none_of_anything_else(
    world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    others = [folder / "other_20260101T000000000000Z.dump", folder / "notes.dump"]
    for other in others:
        other.touch()
    taken = [back_up(world.url, folder, keep=2)[0] for _ in range(3)]
    assert backups(world.url, folder) == taken[:0:-1]
    assert all(other.exists() for other in others)
    assert taken[-1].path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o755  # as it was
    with connected(world.url) as connection:
        assert last_backup(connection) is not None


def test_a_backup_that_cannot_be_written_leaves_the_others_and_no_word(
    world: World, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(WarehouseError, match=r"cannot be written .*LENS_BACKUPS"):
        back_up(world.url, blocked, keep=1)
    assert world.rows("select * from ops.backups") == []
