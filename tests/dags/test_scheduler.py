"""The DAG on a real scheduler: `airflow standalone`, driven through Airflow's REST API."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
import pytest
from playwright.sync_api import expect

from seeds_generator import PRESETS, Plan, generate
from tests.dags.conftest import PERSONAL
from tests.dags.told import Told
from tests.dashboards.browser import launched

DAYS = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09"]
START_SECONDS = 180
RUN_SECONDS = 600
POST_SECONDS = 150  # a backfill that could not be cleaned up blocks the next for two minutes
USER, PASSWORD = "ann", "only for tests"
TINY = {  # what makes Airflow fast where it has nothing else to do
    "AIRFLOW__CORE__PARALLELISM": "2",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # no run for yesterday: only ours
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
}


@dataclass
class Standalone:
    """`airflow standalone` in a session of its own, so that all its processes can be found."""

    home: Path
    url: str
    process: subprocess.Popen[bytes]
    token: str = field(default="", repr=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the REST API; urllib's errors as they are."""
        request = urllib.request.Request(  # noqa: S310  (http, to ourselves)
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def post(self, path: str, body: Any) -> Any:
        """The answer to a POST; again where SQLite was locked by another process of Airflow.

        For a backfill that is a 503, after which Airflow has cleaned up and asks to try again.
        """
        return self.wait(f"POST {path}", POST_SECONDS, lambda: self.call("POST", path, body))

    def wait(self, what: str, seconds: int, ready: Callable[[], Any]) -> Any:
        """What `ready` answers once that is true; fails with the ends of the logs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                pytest.fail(f"airflow standalone ended ({self.process.returncode}){self.logs()}")
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if answer := ready():
                    return answer
            time.sleep(0.3)
        pytest.fail(f"{what}: not within {seconds} s{self.logs()}")

    def finished(self, run_ids: list[str], dag: str = "loyalty_daily") -> None:
        """Waits until these DAG runs have ended, all with success and no task tried twice."""
        runs = f"/api/v2/dags/{dag}/dagRuns"

        def ended() -> bool:
            again = self.call("GET", f"{runs}/~/taskInstances?state=up_for_retry&state=failed")
            if failed := again["task_instances"]:
                pytest.fail(f"{failed[0]['task_id']} of {failed[0]['dag_run_id']}{self.logs()}")
            states = {run["dag_run_id"]: run["state"] for run in self.call("GET", runs)["dag_runs"]}
            return all(states[run_id] == "success" for run_id in run_ids)

        self.wait(f"end of {run_ids}", RUN_SECONDS, ended)

    def logs(self) -> str:
        """The ends of standalone's log and of the newest task logs."""
        tasks = sorted(self.home.glob("logs/dag_id=*/**/*.log"), key=os.path.getmtime)
        return "".join(
            f"\n--- {log.relative_to(self.home)}\n{log.read_text(errors='replace')[-3000:]}"
            for log in [self.home / "standalone.log", *tasks[-3:]]
            if log.exists()
        )

    def processes(self) -> list[psutil.Process]:
        """Everything in its session: the tasks' process groups are their own."""
        found = []
        for pid in psutil.pids():
            with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
                if os.getsid(pid) == self.process.pid:
                    found.append(psutil.Process(pid))
        return found

    def stop(self) -> None:
        """Ends every process of the session, gently first."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            ours = self.processes()
            for process in ours:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(sign)
            psutil.wait_procs(ours, timeout=3)
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    airflow_environment: Callable[..., dict[str, str]],
    database: str,
    landing: Path,
    told: Told,
) -> Iterator[Standalone]:
    """A running Airflow, whose scheduler knows the DAG and has an empty warehouse."""
    home = tmp_path_factory.mktemp("scheduler") / "air flow"
    api, logs, more_logs = _free_ports(3)
    url = f"http://127.0.0.1:{api}"
    passwords = home.with_name("passwords.json")
    passwords.write_text(json.dumps({USER: PASSWORD}))
    environment = airflow_environment(
        home,
        **TINY,
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(passwords),
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__PORT=str(api),
        AIRFLOW__API__BASE_URL=url,
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(logs),
        AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(more_logs),
        LENS_DATABASE_URL=database,
        LENS_LANDING=str(landing),
        LENS_DEMO="1",  # the demo's feed is not paused
        LENS_ALERT_WEBHOOK=told.url,
        LENS_LATE_MINUTES="0",  # every run is late at once
    )
    with (home / "standalone.log").open("wb") as log:
        process = subprocess.Popen(
            ["airflow", "standalone"],
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    standalone = Standalone(home, url, process)
    try:
        account = {"username": USER, "password": PASSWORD}
        answer = standalone.wait(
            "token", START_SECONDS, lambda: standalone.call("POST", "/auth/token", account)
        )
        standalone.token = answer["access_token"]
        standalone.wait(
            "parsed DAG",
            START_SECONDS,
            lambda: standalone.call("GET", "/api/v2/dags/loyalty_daily"),
        )
        yield standalone
    finally:
        standalone.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize(
    "days",
    [DAYS[-2:], pytest.param(DAYS[:-2], marks=pytest.mark.full)],
    ids=["the last two", "those before"],
)
def test_backfill_of_several_days_is_one_load(
    airflow: Standalone, query: Callable[[str], list[Any]], landing: Path, days: list[str]
) -> None:
    """All files are there from the start: whichever run comes first loads them, no run fails.

    The limit of parallel runs is left as Airflow has it, so that several are at work at once.
    """
    airflow.post(
        "/api/v2/backfills",
        {
            "dag_id": "loyalty_daily",
            "from_date": f"{days[0]}T00:00:00Z",
            "to_date": f"{days[-1]}T23:59:59Z",
        },
    )
    runs = airflow.call("GET", "/api/v2/dags/loyalty_daily/dagRuns?run_type=backfill")["dag_runs"]
    day_of = {run["dag_run_id"]: run["data_interval_start"][:10] for run in runs}
    ours = {run_id: day for run_id, day in day_of.items() if day in days}
    assert sorted(ours.values()) == days
    airflow.finished(list(ours))

    files = sorted(str(file.relative_to(landing)) for file in landing.rglob("*.csv"))
    loaded = query("select source_file, status from ops.load_batches order by source_file")
    assert sorted(loaded) == [(file, "validated") for file in files]

    rows = query(
        "select run_id, requested_date::text, is_explicit_date, status, trigger"
        " from ops.pipeline_runs"
    )
    assert sorted(rows) == sorted(
        (f"loyalty_daily.{name}", day, False, "success", "airflow backfill")
        for name, day in day_of.items()
    )
    assert query("select ops.published_business_date()::text") == [("2026-01-09",)]
    assert query("select count(*) from marts.customer_details") == [(4,)]


def test_run_through_the_api_without_a_date_shows_the_newest_day(
    airflow: Standalone, query: Callable[[str], list[Any]]
) -> None:
    run = airflow.post("/api/v2/dags/loyalty_daily/dagRuns", {"logical_date": None})
    airflow.finished([run["dag_run_id"]])
    assert run["data_interval_start"] is None
    assert _row(query, run) == (None, "2026-01-09", False, "success", "airflow manual")


def test_run_through_the_api_with_a_date_shows_that_day(
    airflow: Standalone, query: Callable[[str], list[Any]]
) -> None:
    """A logical date, as the form of the UI sends one, does not take the place of the parameter."""
    run = airflow.post(
        "/api/v2/dags/loyalty_daily/dagRuns",
        {"logical_date": "2026-02-01T10:00:00Z", "conf": {"business_date": "2026-01-07"}},
    )
    airflow.finished([run["dag_run_id"]])
    assert _row(query, run) == ("2026-01-07", "2026-01-07", True, "success", "airflow manual")


def test_a_run_is_started_in_the_browser_with_a_date(
    airflow: Standalone, query: Callable[[str], list[Any]], tmp_path: Path
) -> None:
    """Sign in, the form's date picker, and the run that succeeds; as a person would."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(airflow.url)
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{airflow.url}/")
        page.goto(f"{airflow.url}/dags/loyalty_daily")
        page.get_by_test_id("trigger-dag-button").click(timeout=60_000)
        page.locator("#element_business_date").fill("2026-01-08")
        page.get_by_test_id("trigger-dag-submit").click()
        page.wait_for_url("**/dags/loyalty_daily/runs/*", timeout=60_000)
        run_id = unquote(urlsplit(page.url).path.rsplit("/", 1)[-1])
        airflow.finished([run_id])
        expect(page.get_by_text("Success").first).to_be_visible(timeout=60_000)
        for group in ("files", "gate", "layers", "publication"):
            expect(page.get_by_text(group, exact=True).first).to_be_visible()
        page.screenshot(path=tmp_path / "run.png")
    assert _row(query, {"dag_run_id": run_id}) == (
        "2026-01-08",
        "2026-01-08",
        True,
        "success",
        "airflow manual",
    )


def test_a_run_that_is_late_is_told(airflow: Standalone, told: Told) -> None:
    """By the triggerer, while the run is at work; other tests have started runs."""
    late = airflow.wait(
        "an alert", 60, lambda: [alert for alert in told.alerts if alert["kind"] == "run late"]
    )
    assert late[0]["subject"] == "loyalty_daily is late"
    assert late[0]["run_id"].startswith("loyalty_daily.")


def test_date_that_is_none_is_refused_before_a_run_is_made(airflow: Standalone) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        airflow.call(
            "POST",
            "/api/v2/dags/loyalty_daily/dagRuns",
            {"logical_date": None, "conf": {"business_date": "soon"}},
        )
    assert refused.value.code == 400
    assert "business_date" in refused.value.read().decode()


def test_the_demo_is_fed_a_day_and_shown(
    airflow: Standalone, query: Callable[[str], list[Any]], landing: Path
) -> None:
    """The shop of `lens generate` lies below the landing folder; its next day moves the date."""
    shop = replace(PRESETS["small"], customers=60, history_days=10, days=1, ahead_days=2)
    generate(shop, landing / "shop")
    Plan(shop, shop.end).save(landing / "shop")
    run = airflow.post("/api/v2/dags/demo_feed/dagRuns", {"logical_date": None})
    airflow.finished([run["dag_run_id"]], dag="demo_feed")
    day = str(shop.end + timedelta(days=1))
    assert (landing / "shop" / day / "store_sales_header.csv").exists()

    runs = "/api/v2/dags/loyalty_daily/dagRuns?order_by=-run_after&limit=1"
    (triggered,) = airflow.call("GET", runs)["dag_runs"]
    airflow.finished([triggered["dag_run_id"]])
    assert _row(query, triggered)[1] == day
    assert query("select ops.published_business_date()::text") == [(day,)]


def test_nothing_of_a_person_is_in_xcom_or_in_any_log(
    airflow: Standalone, query: Callable[[str], list[Any]]
) -> None:
    """The runs of the tests above: the real rows of XCom, of task instances, and every log."""
    known = query("select lower(concat(first_name, email, street)) from marts.customer_details")
    assert any("adalinde" in text and "vossenlaan" in text for (text,) in known)
    assert query(
        "select sum(rows_rejected)::int, sum(rows_malformed)::int from ops.load_batches"
        " where data_set = 'customer_details' and rows_rejected > 0"
    ) == [(1, 1)]
    with closing(sqlite3.connect(airflow.home / "airflow.db")) as database:
        texts = {
            table: "\n".join(str(row) for row in database.execute(f"select * from {table}"))
            for table in ("xcom", "rendered_task_instance_fields", "dag_run", "log")
        }
    assert "rows_read" in texts["xcom"]
    logs = [path for path in airflow.home.rglob("*.log*") if path.is_file()]
    assert sum("dag_id=loyalty_daily" in str(path) for path in logs) >= 10
    texts |= {str(path): path.read_text("utf-8", "replace") for path in logs}
    hits = [
        (place, secret)
        for place, text in texts.items()
        for secret in PERSONAL
        if secret in text.lower()
    ]
    assert hits == []


def _row(query: Callable[[str], list[Any]], run: dict[str, Any]) -> tuple[Any, ...]:
    (row,) = query(
        "select requested_date::text, business_date::text, is_explicit_date, status, trigger"
        f" from ops.pipeline_runs where run_id = 'loyalty_daily.{run['dag_run_id']}'"
    )
    return tuple(row)
