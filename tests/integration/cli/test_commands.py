"""The commands that README tells of, as processes of their own."""

import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from loyalty_lens.settings import PROJECT_ROOT
from tests.conftest import NewDatabase
from tests.integration.cli.lens import Lens
from tests.integration.pipeline.worlds import SMALL_SHOP


@pytest.fixture(scope="module")
def lens(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Lens:
    return Lens(tmp_path_factory.mktemp("lens home"), new_database())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in SMALL_SHOP.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_run_ends_with_a_summary_and_the_steps_one_by_one_change_nothing(
    lens: Lens, shop: Path
) -> None:
    output = lens.works("run", "--landing", str(shop))
    for told in (
        "store_sales_header",
        "Never delivered: points_events, store_inventory",
        "Customers by value and engagement",
        "Points issued 340",
        "Top customers",
        "Seconds: land",
        "Business date: 2026-01-04",
    ):
        assert told in output
    url = lens.environment["LENS_DATABASE_URL"]

    def balances() -> list[tuple[str, int]]:
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("select customer_id, balance from marts.points_balances order by 1")
            return cursor.fetchall()

    before = balances()
    assert before
    assert "skipped_same_content" in lens.works("ingest", "--landing", str(shop))
    lens.works("validate")
    lens.works("build")
    assert balances() == before
    assert "Last run: success" in lens.works("status")
    assert "0 rows replayed" in lens.works("replay")


def test_plain_dbt_builds_with_nothing_but_the_warehouse_named(lens: Lens, shop: Path) -> None:
    lens.has_run(shop)
    output = lens.dbt(
        "build",
        "--select",
        "as_of",
        "customer_rfm",
        cwd=PROJECT_ROOT / "dbt_project",
        DBT_TARGET_PATH=str(shop / "target"),
        DBT_LOG_PATH=str(shop / "logs"),
    )
    assert "Completed successfully" in output


def test_plain_dbt_says_lens_start_where_the_server_is_down(tmp_path: Path) -> None:
    lens = Lens(tmp_path)
    dbt = [str(Path(sys.executable).parent / "dbt")]
    done = lens.program(dbt, ("build",), {}, PROJECT_ROOT / "dbt_project")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "lens start" in done.stderr


def test_generate_writes_history_and_one_folder_a_day(lens: Lens, tmp_path: Path) -> None:
    output = lens.works(
        *("generate", "--history-days", "10", "--days", "2", "--customers", "50", "--stores", "2"),
        *("--seed", "1", "--end", "2026-01-11", "--out", str(tmp_path / "files")),
    )
    assert re.search(r"\d+ files, [\d,]+ rows", output)
    folders = sorted(path.name for path in (tmp_path / "files").iterdir() if path.is_dir())
    assert folders == ["2026-01-10", "2026-01-11", "history"]


def test_feed_goes_on_where_generate_ended(lens: Lens, tmp_path: Path) -> None:
    shop = ("--preset", "small", "--history-days", "5", "--days", "1", "--ahead-days", "2")
    folder, truth = tmp_path / "shop", tmp_path / "truth"
    lens.works("generate", *shop, *("--start", "2026-01-01", "--out", str(folder)))
    assert (folder / "2026-01-06").is_dir()
    assert lens.works("feed", "--landing", str(folder)).startswith("2026-01-07: ")
    assert "2026-01-08: " in lens.works("feed", LENS_LANDING=str(folder))
    assert "the plan ends on 2026-01-08" in lens.refusal("feed", "--landing", str(folder))
    nowhere = ("--landing", str(truth.parent / "nowhere"))
    assert "not a folder of invented files" in lens.refusal("feed", *nowhere)
    both = ("--start", "2026-01-01", "--end", "2026-01-02")
    assert "not both" in lens.refusal("generate", *both, "--out", str(folder))
    assert "gremlin" in lens.refusal("generate", "--defect", "gremlin=1", "--out", str(folder))
    kind = ("--defect", "header_bad_date=0.2", "--defect-rate", "0")
    again = ("generate", *shop, *kind, "--out", str(folder), "--truth", str(truth))
    assert "data files lie there already" in lens.refusal(*again)
    lens.works(*again, "--replace")
    planted = (truth / "defects.csv").read_text().splitlines()
    assert {line.split(",")[3] for line in planted} >= {"rule", "bad_date", "header_rejected"}


@pytest.mark.parametrize("option", [(), ("--jdbc",), ("--env",)])
def test_url_tells_other_clients_how_to_connect(lens: Lens, option: tuple[str, ...]) -> None:
    output = lens.works("url", *option)
    start = {(): "postgresql://", ("--jdbc",): "jdbc:postgresql://", ("--env",): "export PGHOST="}
    assert output.startswith(start[option])


@pytest.mark.parametrize(
    "command",
    [
        "start",
        "stop",
        "reset",
        "url",
        "generate",
        "feed",
        "ingest",
        "validate",
        "build",
        "run",
        "replay",
        "status",
        "preview",
        "demo",
    ],
)
def test_every_command_explains_itself(lens: Lens, command: str) -> None:
    assert "Usage: lens " + command in lens.works(command, "--help")


@pytest.mark.parametrize("status", [pytest.param("loaded", marks=pytest.mark.full), "validated"])
def test_a_run_that_is_killed_is_healed_by_the_next(
    new_database: NewDatabase, shop: Path, tmp_path_factory: pytest.TempPathFactory, status: str
) -> None:
    lens = Lens(tmp_path_factory.mktemp("killed"), new_database())
    lens.works("start")
    process = subprocess.Popen(
        [sys.executable, "-m", "loyalty_lens.cli.main", "run", "--landing", str(shop)],
        env=lens.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = lens.environment["LENS_DATABASE_URL"]
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        end = time.monotonic() + 60
        while time.monotonic() < end:
            cursor.execute(
                "select count(*) from ops.load_batches where status = %s"
                " and data_set = 'store_sales_header'",
                (status,),
            )
            if cursor.fetchone() == (1,):
                break
            time.sleep(0.02)
    assert process.poll() is None, "the run ended before it could be killed"
    process.kill()
    process.wait()
    lens.works("run", "--landing", str(shop))
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select customer_id, balance from marts.points_balances order by 1")
        assert [row for row in cursor.fetchall() if row[1]] == [("C1", 300), ("C2", 70), ("C3", 75)]
        cursor.execute("select status from ops.pipeline_runs order by started_at")
        assert cursor.fetchall() == [("failed",), ("success",)]


def test_a_model_that_fails_is_told_in_one_line_and_in_the_run(
    new_database: NewDatabase, shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lens = Lens(tmp_path_factory.mktemp("failing"), new_database())
    lens.works("ingest", "--landing", str(shop))
    with closing(psycopg2.connect(lens.environment["LENS_DATABASE_URL"])) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("alter function ops.read_phone(text) rename to read_phone_gone")
        message = lens.refusal("build")
        assert "wait to be judged" in message
        cursor.execute("update ops.load_batches set status = 'validated'")
        message = lens.refusal("build")
        assert "dbt model" in message and "read_phone" in message
        message = lens.refusal("run", "--landing", str(shop))
        cursor.execute(
            "select status, message from ops.pipeline_runs order by started_at desc limit 1"
        )
        ((status, told),) = cursor.fetchall()
    assert status == "failed"
    assert told.split(": ", 1)[1] in message
