"""Every command and health check of docker-compose.yml, run for real outside containers.

One module in this order: `init` on an empty server, then Airflow's four components on it, the first
run, `make smoke`. PostgreSQL is the embedded one, which has the version that the images have.
"""

import datetime as dt
import http.server
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from loyalty_lens.errors import WarehouseError
from loyalty_lens.stack import env_file, make_env
from loyalty_lens.stack.init import FIRST_RUN
from loyalty_lens.stack.marts import missing_marts
from loyalty_lens.stack.owner import make_owner
from loyalty_lens.warehouse.binaries import newest_build
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.formats import with_user
from loyalty_lens.warehouse.server import ADMIN, EmbeddedServer
from tests.conftest import HASTY
from tests.dashboards.metabase_server import MetabaseServer
from tests.integration.stack.stack import Stack, free_ports
from tests.unit.stack import compose

AIRFLOW = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
START_SECONDS = 120
RUN_SECONDS = 300
SMALL = {"LENS_DEMO_CUSTOMERS": "40", "LENS_DEMO_DAYS": "10"}
# What makes Airflow fast where it has nothing else to do.
TINY = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # no run for yesterday: only ours
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
}


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `make env` writes, with a small shop."""
    path = tmp_path_factory.mktemp("env") / ".env"
    make_env.write(path, compose.ROOT / ".env.example")
    return {**env_file.read(path), **SMALL}


@pytest.fixture(scope="module")
def postgres(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> Iterator[EmbeddedServer]:
    """Two empty servers in one: as the images make them, a superuser and a database each.

    A server of its own, because roles belong to a whole server.
    """
    embedded = EmbeddedServer(tmp_path_factory.mktemp("postgres") / "home", options=HASTY)
    try:
        url = embedded.start().url("postgres", user=ADMIN)
        with closing(connect(url, autocommit=True)) as connection:
            cursor = connection.cursor()
            for role, name in (("postgres", "WAREHOUSE_ADMIN"), ("airflow", "AIRFLOW_DATABASE")):
                cursor.execute("select 1 from pg_roles where rolname = %s", (role,))
                verb = "alter" if cursor.fetchone() else "create"
                password = values[f"{name}_PASSWORD"]
                cursor.execute(f"{verb} role {role} superuser login password '{password}'")
            cursor.execute("create database airflow owner airflow")
        yield embedded
    finally:
        embedded.destroy()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str], postgres: EmbeddedServer
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack") / "opt airflow"
    for name in ("landing", "demo_files", "exports", "backups", "logs"):
        (folder / name).mkdir(parents=True)
    stack = Stack(folder, values, postgres.start().port)
    for service in stack.services.values():
        service.get("environment", {}).update(TINY)
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedServer, values: dict[str, str]) -> str:
    """The demo's database as lens_owner."""
    url = postgres.start().url("loyalty_lens_demo")
    return with_user(url, "lens_owner", values["WAREHOUSE_PASSWORD"])


@pytest.fixture(scope="module")
def query(warehouse: str) -> Callable[[str], list[Any]]:
    def rows(statement: str) -> list[Any]:
        with connected(warehouse) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    return rows


@pytest.fixture(scope="module")
def first_init(stack: Stack) -> str:
    """What `init` says on empty servers."""
    done = stack.run("init")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def metabase(stack: Stack) -> Iterator[MetabaseServer]:
    """A stand-in for Metabase, which keeps what is pushed and runs its cards on the warehouse."""
    with MetabaseServer(port=stack.metabase) as server:
        yield server


@pytest.fixture(scope="module")
def airflow(stack: Stack, first_init: str, metabase: MetabaseServer) -> Stack:
    """All components, in the file's start order; nothing has run yet when dashboards are pushed."""
    stack.start("airflow-api-server")
    stack.start("metabase-provision")
    stack.wait("api-server", START_SECONDS, lambda: stack.is_healthy("airflow-api-server"))
    for service in AIRFLOW[1:]:
        stack.start(service)
    return stack


def test_init_makes_an_owner_who_is_no_superuser(
    first_init: str, query: Callable[[str], list[Any]]
) -> None:
    assert query(
        "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
    ) == [(False, True, True)]
    owners = query(
        "select datname, pg_get_userbyid(datdba) from pg_database where datname like 'loyalty%'"
        " order by 1"
    )
    assert owners == [("loyalty_lens", "lens_owner"), ("loyalty_lens_demo", "lens_owner")]


def test_init_builds_every_mart_empty(
    first_init: str, warehouse: str, query: Callable[[str], list[Any]]
) -> None:
    assert missing_marts(warehouse) == []
    names = [name for (name,) in query("select tablename from pg_tables where schemaname='marts'")]
    assert len(names) > 10
    for name in ("customer_details", "points_ledger", "sales_daily"):
        assert query(f"select count(*) from marts.{name}") == [(0,)]


def test_init_lets_dashboards_log_in(
    first_init: str, warehouse: str, values: dict[str, str]
) -> None:
    url = with_user(warehouse, "lens_bi", values["LENS_BI_PASSWORD"])
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from marts.sales_daily")
        assert cursor.fetchone() == (0,)


def test_init_writes_demo_files_that_end_yesterday(first_init: str, stack: Stack) -> None:
    folders = sorted(path.name for path in (stack.folder / "demo_files" / "shop").iterdir())
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    assert folders[-2:] == [str(yesterday), "history"]
    assert list((stack.folder / "landing").iterdir()) == []


def test_second_init_changes_nothing(
    first_init: str, stack: Stack, query: Callable[[str], list[Any]]
) -> None:
    def state() -> dict[str, Any]:
        files = sorted((stack.folder / "demo_files").rglob("*.csv*"))
        return {
            "files": [(str(file), file.stat().st_mtime_ns) for file in files],
            "builds": query("select count(*) from ops.model_runs"),
        }

    before = state()
    assert before["files"]
    done = stack.run("init")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "queued before" in done.stdout and "files are there" in done.stdout
    assert state() == before


def test_own_files_have_a_database_and_a_folder_of_their_own(
    first_init: str, stack: Stack, postgres: EmbeddedServer, values: dict[str, str]
) -> None:
    """As after LENS_DEMO=0 in .env and another `make up`."""
    done = stack.run("init", LENS_DEMO="0", LENS_DEMO_DATABASE="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "demo" not in done.stdout.replace("loyalty_lens_demo", "")
    url = with_user(
        postgres.start().url("loyalty_lens"), "lens_owner", values["WAREHOUSE_PASSWORD"]
    )
    assert missing_marts(url) == []


def test_a_changed_password_takes_effect_with_the_next_init(
    first_init: str, stack: Stack, warehouse: str
) -> None:
    admin = stack.environment("init")["WAREHOUSE_ADMIN_URL"]
    changed = with_user(warehouse, "lens_owner", "changed")
    make_owner(admin, changed)
    connect(changed).close()
    make_owner(admin, warehouse)
    with pytest.raises(WarehouseError, match="password"):
        connect(changed)
    connect(warehouse).close()


@pytest.mark.parametrize(
    ("setting", "value"), [("LENS_DEMO", "yes"), ("LENS_DEMO_CUSTOMERS", "many")]
)
def test_init_with_a_wrong_setting_ends_with_one_line(
    first_init: str, stack: Stack, setting: str, value: str
) -> None:
    done = stack.run("init", **{setting: value})
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert setting in done.stderr and value in done.stderr


def test_init_without_a_warehouse_ends_with_one_line(stack: Stack) -> None:
    secret = "very-secret"
    done = stack.run("init", WAREHOUSE_ADMIN_URL=f"postgresql://postgres:{secret}@127.0.0.1:9/x")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "127.0.0.1:9" in done.stderr and secret not in done.stderr


def test_every_component_of_airflow_becomes_healthy(airflow: Stack) -> None:
    for service in AIRFLOW:
        airflow.wait(service, START_SECONDS, lambda service=service: airflow.is_healthy(service))


def test_only_the_password_of_the_env_file_logs_in(airflow: Stack, values: dict[str, str]) -> None:
    def log_in(password: str) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{airflow.api}/auth/token",
            data=json.dumps({"username": "admin", "password": password}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert log_in(values["AIRFLOW_PASSWORD"]) == 201
    assert log_in("admin") == 401
    assert (airflow.folder / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_first_run_of_the_demo_fills_the_marts(
    airflow: Stack, query: Callable[[str], list[Any]]
) -> None:
    airflow.wait(
        "first run",
        RUN_SECONDS,
        lambda: query("select status from ops.pipeline_runs where status <> 'running'"),
    )
    assert query("select run_id, status from ops.pipeline_runs") == [
        (f"loyalty_daily.{FIRST_RUN}", "success")
    ]
    assert query("select count(*) from marts.customer_details") == [(40,)]
    assert query("select current_date - ops.published_business_date()") in ([(1,)], [(2,)])


def test_dashboards_are_pushed_before_and_after_the_first_run(airflow: Stack) -> None:
    assert airflow.processes["metabase-provision"].wait(timeout=60) == 0
    log = (airflow.folder / "metabase-provision.log").read_text()
    assert len(re.findall("^pushed to", log, re.MULTILINE)) == 2, log


def test_smoke_runs_the_dag_and_checks_marts_and_dashboards(
    airflow: Stack, query: Callable[[str], list[Any]]
) -> None:
    done = airflow.run("smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    queued, succeeded, marts_say, published, *upkeep, dashboards_say = done.stdout.splitlines()
    assert "loyalty_daily queued" in queued and "succeeded" in succeeded
    assert "customer_details 40" in marts_say
    assert "(day over)" in published and "messages to customers" in published
    assert [line.split(":")[0] for line in upkeep if "succeeded" in line] == [
        "loyalty_models",
        "loyalty_maintenance",
    ]
    assert "fits of models, loyalty_lens_demo_" in upkeep[-1]
    assert len(list((airflow.folder / "backups" / "demo").iterdir())) == 1
    assert "without a failure" in dashboards_say
    assert query("select count(*) from ops.pipeline_runs where status = 'success'") == [(2,)]


def test_smoke_with_a_wrong_password_ends_with_one_line(airflow: Stack) -> None:
    done = airflow.run("smoke", AIRFLOW_PASSWORD="wrong")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "401" in done.stderr


def test_health_checks_see_components_that_are_down(airflow: Stack) -> None:
    """Last: ends them all. Those that are asked through the database are given up after a while."""
    airflow.stop()
    assert not airflow.is_healthy("airflow-api-server")
    assert not airflow.is_healthy("airflow-scheduler")


@pytest.mark.parametrize("service", ["warehouse", "airflow-database", "metabase-database"])
def test_postgres_health_check(postgres: EmbeddedServer, stack: Stack, service: str) -> None:
    """With the port added, which is the default one in a container."""
    programs = str(newest_build().path("pg_isready").parent)
    answering = {"PATH": programs, "PGPORT": str(postgres.start().port)}
    assert stack.is_healthy(service, **answering)
    assert not stack.is_healthy(service, **{**answering, "PGPORT": str(free_ports(1)[0])})


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_metabase_health_check(stack: Stack, status: int, is_healthy: bool) -> None:
    """Metabase answers 503 while it starts."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        stack.places["localhost:3000"] = f"localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert stack.is_healthy("metabase") is is_healthy
        finally:
            server.shutdown()
            thread.join()
    assert not stack.is_healthy("metabase")  # nobody listens any more
