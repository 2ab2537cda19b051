"""Runs of the DAG through `dag.test()`: no scheduler; a home and a warehouse of their own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dags.told import Told

# `dag.test` gives every run a logical date unless told otherwise, and thereby a data interval,
# which a run through the REST API does not have. Where an attempt may fail, it is the only one:
# nobody waits a minute for the next.
RUN = """
import json, os
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb

initdb()
dags = DagBag().dags
answer = {{}}
for name, case in json.loads({cases!r}).items():
    os.environ.update(case["environment"])
    dag = dags[case.get("dag", "loyalty_daily")]
    dag.deadline = None  # only a scheduler keeps deadlines; dag.test() fails on them (3.3.2)
    for task in dag.tasks:
        task.retries = case["retries"]
    run = dag.test(logical_date=None)
    tasks = {{ti.task_id: ti for ti in run.get_task_instances()}}
    answer[name] = {{
        "dag": dag.dag_id,
        "row": f"loyalty_daily.{{run.run_id}}",
        "state": run.state,
        "tasks": {{name: ti.state for name, ti in tasks.items()}},
        "results": {{name: ti.xcom_pull(task_ids=name) for name, ti in tasks.items()}},
    }}
print("ANSWER " + json.dumps(answer))
"""
TASKS = [
    "wait_for_files",
    "land",
    "validate",
    "staging",
    "clean",
    "marts",
    "publish",
    "lists",
    "notifications",
    "digest",
    "check_files",
]


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
    airflow_environment: Callable[..., dict[str, str]],
    run_script: Callable[[str, dict[str, str]], Any],
    database: str,
    landing: Path,
    told: Told,
) -> dict[str, dict[str, Any]]:
    """Seven runs, one after the other in one process: Airflow takes seconds to start."""
    bad = landing.with_name("with a bad file")
    shutil.copytree(landing, bad)
    (bad / "stores_new.csv").write_text("store_name\nNorth\n")
    cases = {
        "good": {"retries": 0, "environment": {}},
        "maintenance": {"dag": "loyalty_maintenance", "retries": 0, "environment": {}},
        "quality": {"dag": "loyalty_quality", "retries": 0, "environment": {}},
        "bad file": {"retries": 0, "environment": {"LENS_LANDING": str(bad)}},
        "bad list": {"retries": 0, "environment": {"LENS_CAMPAIGNS": str(bad / "none.yml")}},
        "no folder": {"retries": 0, "environment": {"LENS_LANDING": str(landing / "missing")}},
        "wrong setting": {"retries": 3, "environment": {"LENS_POINT_COST": "much"}},
    }
    environment = airflow_environment(
        tmp_path_factory.mktemp("dag test") / "air flow",
        LENS_DATABASE_URL=database,
        LENS_LANDING=str(landing),
        LENS_ALERT_WEBHOOK=told.url,
    )
    found: dict[str, dict[str, Any]] = run_script(RUN.format(cases=json.dumps(cases)), environment)
    return found


def test_run_fills_the_marts(
    runs: dict[str, dict[str, Any]], query: Callable[[str], list[Any]]
) -> None:
    run = runs["good"]
    assert run["state"] == "success"
    assert run["tasks"] == dict.fromkeys(TASKS, "success")
    assert query("select count(*) from marts.customer_details") == [(4,)]
    assert query(
        "select status, requested_date, business_date::text, is_explicit_date, trigger,"
        f" certificate is not null from ops.pipeline_runs where run_id = '{run['row']}'"
    ) == [("success", None, "2026-01-09", False, "airflow manual", True)]


def test_tasks_pass_on_figures_not_lists_of_files(runs: dict[str, dict[str, Any]]) -> None:
    results = runs["good"]["results"]
    assert results["land"]["files_loaded"] == 14
    assert results["validate"]["business_date"] == "2026-01-09"
    assert results["marts"]["model"] > 0
    assert len(results["marts"]["slowest"]) == 3
    assert runs["good"]["row"] in results["marts"]["results"]
    assert max(len(json.dumps(result)) for result in results.values()) < 5000


def test_file_that_cannot_be_loaded_fails_the_last_task_after_the_marts_are_published(
    runs: dict[str, dict[str, Any]], query: Callable[[str], list[Any]]
) -> None:
    run = runs["bad file"]
    assert run["state"] == "failed"
    assert run["tasks"] == dict.fromkeys(TASKS, "success") | {"check_files": "failed"}
    assert "stores_new.csv" in run["results"]["land"]["problems"][0]
    assert query(f"select status from ops.pipeline_runs where run_id = '{run['row']}'") == [
        ("success",)
    ]


def test_lists_are_written_and_a_wrong_one_fails_the_last_task(
    runs: dict[str, dict[str, Any]], query: Callable[[str], list[Any]]
) -> None:
    (told, *_) = runs["good"]["results"]["lists"]["lists"].values()
    assert "selected, " in told
    run = runs["bad list"]
    assert run["tasks"] == dict.fromkeys(TASKS, "success") | {"check_files": "failed"}
    assert "none.yml" in run["results"]["lists"]["problems"][0]
    assert query(
        f"select status, finished_at is null from ops.pipeline_runs where run_id = '{run['row']}'"
    ) == [("success", False)]


def test_failed_run_is_marked_with_task_and_reason(
    runs: dict[str, dict[str, Any]], query: Callable[[str], list[Any]]
) -> None:
    run = runs["no folder"]
    assert run["state"] == "failed"
    assert (run["tasks"]["land"], run["tasks"]["publish"]) == ("failed", "upstream_failed")
    ((status, message),) = query(
        f"select status, message from ops.pipeline_runs where run_id = '{run['row']}'"
    )
    assert status == "failed"
    assert message.startswith("land: ")
    assert "daily files/missing" in message
    assert "\n" not in message


def test_wrong_setting_is_not_tried_again(runs: dict[str, dict[str, Any]]) -> None:
    """With three attempts left the run would go on for minutes; it fails at once."""
    run = runs["wrong setting"]
    assert run["state"] == "failed"
    assert (run["tasks"]["land"], run["tasks"]["publish"]) == ("failed", "upstream_failed")


def test_whatever_fails_is_told_once_with_what_to_do(
    runs: dict[str, dict[str, Any]], told: Told
) -> None:
    assert [(alert["kind"], alert["details"]["task"]) for alert in told.alerts] == [
        ("files", "check_files"),
        ("files", "check_files"),
        ("run failed", "land"),
        ("run failed", "wait_for_files"),
    ][: len(told.alerts)]
    bad_file, bad_list, no_folder, *_ = told.alerts
    assert "stores_new.csv" in bad_file["reason"] and bad_file["business_date"] == "2026-01-09"
    assert bad_list["run_id"] == runs["bad list"]["row"]
    assert no_folder["run_id"] == runs["no folder"]["row"]
    assert "daily files/missing" in no_folder["text"]
    assert no_folder["link"].startswith("http")


def test_the_certificate_is_in_the_ui_and_says_what_is_missing(
    runs: dict[str, dict[str, Any]],
) -> None:
    certificate = runs["good"]["results"]["publish"]
    assert certificate["business_date"] == "2026-01-09"
    assert certificate["is_provisional"] is False
    assert certificate["counts"]["store_sales_header"]["rows_accepted"] == 8
    assert certificate["scores"]["stores"] > 0
    assert runs["good"]["results"]["wait_for_files"] == {"waited_for": None, "missing": []}


def test_the_night_tidies_up_and_saves(runs: dict[str, dict[str, Any]]) -> None:
    run = runs["maintenance"]
    assert run["state"] == "success"
    assert run["results"]["vacuum_and_analyze"] > 100
    backup = run["results"]["back_up"]
    assert Path(backup["file"]).stat().st_size == backup["bytes"]
    assert backup["rows"] > 100


def test_the_full_checks_read_everything_and_try_the_backup_out(
    runs: dict[str, dict[str, Any]],
) -> None:
    run = runs["quality"]
    assert run["state"] == "success"
    results = run["results"]
    assert results["data_tests"]["test"] > 300
    assert "marts.points_ledger" in results["counted_tables"]
    assert results["raw_against_files"]["store_sales_header"] == 8
    assert results["restore_drill"]["rows"] == runs["maintenance"]["results"]["back_up"]["rows"]


WAIT = """
import json, sys
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import TaskDeferred

task = DagBag().dags["loyalty_daily"].get_task("wait_for_files")
now = datetime.now(timezone.utc).replace(microsecond=0)


def asked(start, hours, run_type="scheduled"):
    run = SimpleNamespace(
        run_type=SimpleNamespace(value=run_type),
        data_interval_start=start,
        data_interval_end=start + timedelta(hours=hours) if start else None,
    )
    try:
        return task.execute({"dag_run": run})
    except TaskDeferred as deferred:
        path, arguments = deferred.trigger.serialize()
        told = task.go_on({}, {"missing": ["store_sales_header"]}, **deferred.kwargs)
        return {"path": path, "arguments": arguments, "next": deferred.method_name, "told": told}


day = now - timedelta(hours=24)
print("ANSWER " + json.dumps({
    "waits": asked(day, 24),
    "deadline": (now + timedelta(minutes=60)).isoformat(),
    "day": str(day.date()),
    "too late": asked(now - timedelta(hours=26), 24),
    "every ten minutes": asked(now - timedelta(minutes=10), 10 / 60),
    "backfill": asked(day, 24, "backfill"),
    "by hand": asked(None, 0, "manual"),
}))
"""


def test_only_a_scheduled_run_of_a_day_waits_and_not_beyond_its_deadline(
    runs: dict[str, dict[str, Any]],  # which have filled the warehouse
    tmp_path_factory: pytest.TempPathFactory,
    airflow_environment: Callable[..., dict[str, str]],
    run_script: Callable[[str, dict[str, str]], Any],
    database: str,
    landing: Path,
) -> None:
    found = run_script(
        WAIT,
        airflow_environment(
            tmp_path_factory.mktemp("waiting"),
            LENS_DATABASE_URL=database,
            LENS_LANDING=str(landing),
            LENS_EXPECTED="store_sales_header",
        ),
    )
    assert found["waits"] == {
        "path": "loyalty_lens.scheduling.files_trigger.FilesTrigger",
        "arguments": {"day": found["day"], "deadline": found["deadline"], "poll_seconds": 20.0},
        "next": "go_on",
        "told": {"waited_for": found["day"], "missing": ["store_sales_header"]},
    }
    assert found["too late"]["missing"] == ["store_sales_header"]
    nothing = {"waited_for": None, "missing": []}
    assert [found[name] for name in ("every ten minutes", "backfill", "by hand")] == [nothing] * 3
