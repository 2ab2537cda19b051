"""The DAG as Airflow reads it: tasks, timetable, retries, parameters; what parsing may not do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

READ = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

known = set(sys.modules)
bag = DagBag()
dag = bag.dags.get("loyalty_daily")
heavy = {"loyalty_lens", "great_expectations", "dbt", "psycopg2", "sqlalchemy", "pandas", "sklearn"}
answer = {
    "errors": bag.import_errors,
    "files": [stat.file for stat in bag.dagbag_stats],
    "dags": list(bag.dags),
    "imported": sorted(heavy & {name.split(".")[0] for name in set(sys.modules) - known}),
}
if dag:
    answer |= {
        "tasks": [task.task_id for task in dag.topological_sort()],
        "downstream": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
        "timetable": type(dag.timetable).__name__,
        "expression": dag.timetable.expression,
        "time_zone": str(dag.timetable.timezone),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "retries": [task.retries for task in dag.tasks],
        "delays": [task.retry_delay.total_seconds() for task in dag.tasks],
        "backoff": [task.retry_exponential_backoff for task in dag.tasks],
        "callbacks": [[call.__name__ for call in task.on_failure_callback] for task in dag.tasks],
        "documented": [bool(task.doc_md) for task in dag.tasks] + [bool(dag.doc_md)],
        "tags": sorted(dag.tags),
        "params": {name: dag.params.get_param(name).serialize() for name in dag.params},
    }
if feed := bag.dags.get("demo_feed"):
    answer["feed"] = {
        "tasks": [task.task_id for task in feed.topological_sort()],
        "is_paused": feed.is_paused_upon_creation,
    }
    answer["published"] = {
        task.task_id: [asset.name for asset in task.outlets] for task in dag.tasks if task.outlets
    }
if models := bag.dags.get("loyalty_models"):
    answer["models"] = {
        "tasks": [task.task_id for task in models.topological_sort()],
        "schedule": [asset.name for asset in models.timetable.asset_condition.objects],
        "retries": [task.retries for task in models.tasks],
        "documented": [bool(task.doc_md) for task in models.tasks] + [bool(models.doc_md)],
        "max_active_runs": models.max_active_runs,
    }
print("ANSWER " + json.dumps(answer))
"""
LIGHT = """
import json, runpy, sys
found = runpy.run_path({dag_file!r})
heavy = {{"loyalty_lens", "great_expectations", "dbt", "psycopg2", "pandas", "sklearn"}}
print("ANSWER " + json.dumps(sorted(heavy & {{name.split(".")[0] for name in sys.modules}})))
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def read(
    tmp_path_factory: pytest.TempPathFactory,
    airflow_environment: Callable[..., dict[str, str]],
    run_script: Callable[[str, dict[str, str]], Any],
) -> Callable[..., dict[str, Any]]:
    """Reads the DAG folder in a process of its own, with the given environment."""
    home = tmp_path_factory.mktemp("airflow")
    return lambda **more: run_script(READ, airflow_environment(home, **more))


@pytest.fixture(scope="module")
def daily(read: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The DAG with nothing set but a server that does not exist: parsing may not look for it."""
    return read(LENS_DATABASE_URL="postgresql://nobody@127.0.0.1:9/nowhere")


def test_dag_folder_holds_our_dags_and_no_errors(daily: dict[str, Any]) -> None:
    assert daily["errors"] == {}
    assert sorted(daily["dags"]) == ["demo_feed", "loyalty_daily", "loyalty_models"]


def test_package_of_the_pipeline_is_not_scanned_for_dags(daily: dict[str, Any]) -> None:
    files = sorted(Path(file).name for file in daily["files"])
    assert files == ["demo_feed.py", "loyalty_daily.py", "loyalty_models.py"]


def test_models_follow_whenever_the_marts_are_published(daily: dict[str, Any]) -> None:
    assert daily["published"] == {"publish": ["loyalty_marts"]}
    assert daily["models"] == {
        "tasks": ["fit_and_score"],
        "schedule": ["loyalty_marts"],
        "retries": [3],
        "documented": [True, True],
        "max_active_runs": 1,
    }


def test_the_demo_is_fed_before_a_run_and_only_in_a_demo(
    daily: dict[str, Any], read: Callable[..., dict[str, Any]]
) -> None:
    assert daily["feed"] == {"tasks": ["feed", "run_loyalty_daily"], "is_paused": True}
    assert read(LENS_DEMO="1")["feed"]["is_paused"] is False


def test_one_task_for_each_layer_in_one_line(daily: dict[str, Any]) -> None:
    tasks = ["land", "validate", "staging", "clean", "marts", "publish", "lists", "check_files"]
    assert daily["tasks"] == tasks
    following = {task: tasks[number + 1 : number + 2] for number, task in enumerate(tasks)}
    # What landed and what is held is told at the end, too.
    following["land"] = ["check_files", "validate"]
    following["validate"] = ["check_files", "staging"]
    assert {task: sorted(next_) for task, next_ in daily["downstream"].items()} == following


def test_timetable_has_data_intervals_and_no_catch_up(daily: dict[str, Any]) -> None:
    assert daily["timetable"] == "CronDataIntervalTimetable"
    assert (daily["expression"], daily["time_zone"]) == ("0 5 * * *", "UTC")
    assert daily["catchup"] is False
    assert daily["max_active_runs"] == 1


def test_schedule_and_time_zone_come_from_the_environment(
    read: Callable[..., dict[str, Any]],
) -> None:
    found = read(LENS_SCHEDULE="30 6 * * 1-6", LENS_DEFAULT_TIME_ZONE="Europe/Amsterdam")
    assert found["errors"] == {}
    assert (found["expression"], found["time_zone"]) == ("30 6 * * 1-6", "Europe/Amsterdam")


def test_every_step_retries_ever_later_and_says_when_it_gives_up(daily: dict[str, Any]) -> None:
    *steps, check_files = zip(
        *(daily[name] for name in ("tasks", "retries", "delays", "backoff", "callbacks")),
        strict=True,
    )
    *steps, lists = steps
    assert [step[1:] for step in steps] == [(3, 60, 2, ["mark_failed"])] * 6
    assert lists == ("lists", 3, 60, 2, [])  # the run is certified, whatever becomes of its lists
    # Another attempt would meet the same files, and the run itself is a success.
    assert (check_files[0], check_files[1], check_files[4]) == ("check_files", 0, [])


def test_business_date_is_an_optional_date_of_the_form(daily: dict[str, Any]) -> None:
    assert list(daily["params"]) == ["business_date"]
    parameter = daily["params"]["business_date"]
    assert parameter["value"] is None
    assert sorted(parameter["schema"]["type"]) == ["null", "string"]
    assert parameter["schema"]["format"] == "date"


def test_dag_and_tasks_are_documented(daily: dict[str, Any]) -> None:
    assert all(daily["documented"])
    assert daily["tags"] == ["daily", "loyalty"]


def test_parsing_imports_nothing_heavy(
    daily: dict[str, Any],
    tmp_path: Path,
    airflow_environment: Callable[..., dict[str, str]],
    run_script: Callable[[str, dict[str, str]], Any],
) -> None:
    """Neither through the DagBag (beyond Airflow's own modules) nor by the file alone."""
    assert daily["imported"] == []
    for name in ("loyalty_daily.py", "demo_feed.py", "loyalty_models.py"):
        code = LIGHT.format(dag_file=str(ROOT / "dags" / name))
        assert run_script(code, airflow_environment(tmp_path)) == []
