"""`lens metabase` as a user runs it: one line each, exit codes, no secret anywhere."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from metabase.definition import read_definition
from metabase.provision.warehouse import Needed
from tests.conftest import BI_PASSWORD, NewDatabase
from tests.dashboards.metabase_server import Fault, MetabaseServer
from tests.dashboards.pushing import EMAIL, PASSWORD
from tests.integration.cli.lens import Lens

DEFINITION = read_definition()
CARDS = len(DEFINITION.cards)
COLUMNS = len(Needed.by(DEFINITION).listed)  # that get a list or a search in filters
QUERIES = sum(1 + len(card.filters) for card in DEFINITION.cards.values())


@pytest.fixture
def metabase() -> Iterator[MetabaseServer]:
    """A Metabase that nobody has set up yet."""
    with MetabaseServer() as metabase:
        yield metabase


@pytest.fixture
def lens(shop: Settings, metabase: MetabaseServer, tmp_path: Path) -> Lens:
    """The command with everything set that a push needs."""
    lens = Lens(tmp_path, shop.database_url)
    lens.environment |= {
        "LENS_METABASE_URL": metabase.url,
        "LENS_METABASE_EMAIL": EMAIL,
        "LENS_METABASE_PASSWORD": PASSWORD,
        "LENS_BI_PASSWORD": BI_PASSWORD,
    }
    return lens


def test_push_tells_what_it_did_and_where_to_look(lens: Lens, metabase: MetabaseServer) -> None:
    told = lens.works("metabase", "push").splitlines()
    assert told[-2:] == [
        f"pushed to {metabase.url}: 1 dashboard, {CARDS} cards;"
        f" {CARDS + 5} created, {COLUMNS + 3} changed, 0 archived",
        f"{metabase.url}/dashboard/11",
    ]
    assert "created  card Revenue" in told
    assert len(told) == CARDS + 5 + COLUMNS + 3 + 2
    again = lens.works("metabase", "push").splitlines()
    assert again == [
        f"pushed to {metabase.url}: 1 dashboard, {CARDS} cards; 0 created, 0 changed, 0 archived",
        f"{metabase.url}/dashboard/11",
    ]
    assert lens.works("metabase", "check") == (
        f"1 dashboard complete, {CARDS} cards run {QUERIES} times without a failure\n"
    )


def test_the_address_is_the_one_that_metabase_gives_itself(
    lens: Lens, metabase: MetabaseServer
) -> None:
    metabase.state.settings["site-url"] = "https://lens.example.com/"
    assert lens.works("metabase", "push").endswith("https://lens.example.com/dashboard/11\n")


def test_no_secret_is_ever_printed(lens: Lens, metabase: MetabaseServer) -> None:
    answers = [
        lens("metabase", "push", LENS_LOG_LEVEL="DEBUG"),
        lens("metabase", "push", LENS_METABASE_PASSWORD="wrong-1"),
        lens("metabase", "push", LENS_METABASE_WAREHOUSE="127.0.0.1:1"),
        lens("metabase", "check", LENS_LOG_LEVEL="DEBUG"),
    ]
    assert [each.returncode for each in answers] == [0, 1, 1, 0]
    output = "".join(each.stdout + each.stderr for each in answers)
    for secret in (PASSWORD, "wrong-1", BI_PASSWORD, *metabase.state.sessions):
        assert secret not in output


def test_a_push_is_not_drowned_in_requests(lens: Lens) -> None:
    done = lens("metabase", "push", LENS_LOG_LEVEL="INFO")
    assert done.returncode == 0
    assert done.stderr == ""


def test_waiting_is_told(lens: Lens, metabase: MetabaseServer) -> None:
    metabase.break_with(Fault("503", path="/api/health", times=2))
    done = lens("metabase", "push", LENS_LOG_LEVEL="INFO")
    assert done.returncode == 0
    assert done.stderr.endswith(f"waiting for Metabase at {metabase.url}: initializing\n")


def test_settings_do_not_show_passwords(shop: Settings) -> None:
    environment = {
        "LENS_DATABASE_URL": "postgresql://user:secret-1@host/lens",
        "LENS_BI_PASSWORD": "secret-2",
        "LENS_METABASE_PASSWORD": "secret-3",
        "LENS_METABASE_API_KEY": "secret-4",
    }
    assert "secret" not in repr(Settings.from_environment(environment))


def test_check_fails_with_the_card_and_the_reason(lens: Lens, metabase: MetabaseServer) -> None:
    lens.works("metabase", "push")
    for card in metabase.state.cards.values():
        if card["name"] == "Revenue":
            card["dataset_query"]["stages"][0]["native"] = "select no_such_column"
    refusal = lens.refusal("metabase", "check")
    assert "card Revenue (cards/overview/revenue.yml)" in refusal
    assert "no_such_column" in refusal


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("LENS_METABASE_URL", "", "LENS_METABASE_URL is not set"),
        ("LENS_METABASE_PASSWORD", "", "LENS_METABASE_PASSWORD is not set"),
        ("LENS_METABASE_URL", "http://127.0.0.1:1", "not up after 1 s"),
        ("LENS_METABASE_WAREHOUSE", "nowhere:x", "LENS_METABASE_WAREHOUSE"),
    ],
)
@pytest.mark.parametrize("command", ["push", "check"])
def test_a_refusal_is_one_line(
    lens: Lens, command: str, setting: str, value: str, told: str
) -> None:
    assert told in lens.refusal("metabase", command, "--wait", "1", **{setting: value})


def test_push_before_anything_was_built_says_to_build(
    lens: Lens, new_database: NewDatabase
) -> None:
    refusal = lens.refusal("metabase", "push", LENS_DATABASE_URL=new_database())
    assert "build first (lens run, or lens build)" in refusal


def test_without_a_first_run_the_waiting_push_ends_well_and_says_so(
    lens: Lens, metabase: MetabaseServer, new_database: NewDatabase
) -> None:
    told = lens.works(
        *("metabase", "push", "--again-after-first-run", "--first-run-minutes", "0.01"),
        LENS_DATABASE_URL=new_database(),
    )
    assert told.splitlines()[-2:] == [
        "Metabase is connected; cards follow when the first run has built the marts",
        "no run has succeeded within 0.01 minutes; after the first one: lens metabase push",
    ]
    assert metabase.state.users
    assert len(metabase.state.databases) == 1


def test_the_push_is_repeated_when_the_first_run_has_succeeded(
    lens: Lens, metabase: MetabaseServer, shop_database: str
) -> None:
    def set_status(status: str) -> None:
        with connected(shop_database) as connection, connection.cursor() as cursor:
            cursor.execute("update ops.pipeline_runs set status = %s", (status,))

    set_status("running")
    try:
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "loyalty_lens.cli.main"),
                *("metabase", "push", "--again-after-first-run"),
            ],
            env=lens.environment,
            cwd=lens.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            overdue = threading.Timer(120, process.kill)
            overdue.start()
            assert process.stdout is not None
            told = []
            for line in process.stdout:
                told.append(line.strip())
                if line.startswith(metabase.url):
                    set_status("success")
            overdue.cancel()
        assert process.returncode == 0, told
    finally:
        set_status("success")
    closing = [line for line in told if line.startswith("pushed to ")]
    assert len(closing) == 2
    assert closing[1].endswith("0 created, 0 changed, 0 archived")
