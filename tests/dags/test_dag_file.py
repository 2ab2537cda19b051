"""The DAG as Airflow reads it: tasks, timetable, retries, parameters; what parsing may not do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

READ = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

def links(dag):
    # Task to the buttons on it, and where they lead.
    return {
        task.task_id: [[link.name, link.get_link(task, ti_key=None)] for link in found]
        for task in dag.tasks
        if (found := task.operator_extra_links)
    }

known = set(sys.modules)
bag = DagBag()
dag = bag.dags.get("loyalty_daily")
heavy = {"great_expectations", "dbt", "psycopg2", "sqlalchemy", "pandas", "sklearn"}
light = {"loyalty_lens", "loyalty_lens.scheduling", "loyalty_lens.scheduling.jobs"}
answer = {
    "errors": bag.import_errors,
    "files": [stat.file for stat in bag.dagbag_stats],
    "dags": list(bag.dags),
    "imported": sorted(
        name for name in set(sys.modules) - known - light
        if name.split(".")[0] in heavy | {"loyalty_lens"}
    ),
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
        "links": links(dag),
        "tags": sorted(dag.tags),
        "groups": {task.task_id: task.task_group.group_id for task in dag.tasks},
        "deadlines": [
            (type(alert.reference).__name__, alert.interval.total_seconds(), alert.callback.path)
            for alert in (dag.deadline if isinstance(dag.deadline, list) else [dag.deadline])
        ],
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
        "links": links(models),
    }
answer["upkeep"] = {
    name: {
        "tasks": [task.task_id for task in dag.topological_sort()],
        "expression": dag.timetable.expression,
        "retries": {task.retries for task in dag.tasks}.pop(),
        "backoff": {task.retry_exponential_backoff for task in dag.tasks}.pop(),
        "callbacks": sorted({c.__name__ for task in dag.tasks for c in task.on_failure_callback}),
        "documented": all(task.doc_md for task in dag.tasks) and bool(dag.doc_md),
        "max_active_runs": dag.max_active_runs,
    }
    for name, dag in bag.dags.items()
    if name in ("loyalty_maintenance", "loyalty_quality")
}
print("ANSWER " + json.dumps(answer))
"""
LIGHT = """
import json, runpy, sys
found = runpy.run_path({dag_file!r})
heavy = {{"loyalty_lens", "great_expectations", "dbt", "psycopg2", "pandas", "sklearn"}}
light = {{"loyalty_lens", "loyalty_lens.scheduling", "loyalty_lens.scheduling.jobs"}}
print("ANSWER " + json.dumps(
    sorted(name for name in set(sys.modules) - light if name.split(".")[0] in heavy)
))
"""
ROOT = Path(__file__).resolve().parents[2]
DAGS = ["demo_feed", "loyalty_daily", "loyalty_maintenance", "loyalty_models", "loyalty_quality"]


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
    assert sorted(daily["dags"]) == DAGS


def test_package_of_the_pipeline_is_not_scanned_for_dags(daily: dict[str, Any]) -> None:
    files = sorted(Path(file).name for file in daily["files"])
    assert files == [f"{name}.py" for name in DAGS]


def test_models_follow_whenever_the_marts_are_published(daily: dict[str, Any]) -> None:
    assert daily["published"] == {"publish": ["loyalty_marts"]}
    assert daily["models"] == {
        "tasks": ["fit_and_score"],
        "schedule": ["loyalty_marts"],
        "retries": [3],
        "documented": [True, True],
        "max_active_runs": 1,
        "links": {},
    }


def test_the_demo_is_fed_before_a_run_and_only_in_a_demo(
    daily: dict[str, Any], read: Callable[..., dict[str, Any]]
) -> None:
    assert daily["feed"] == {"tasks": ["feed", "run_loyalty_daily"], "is_paused": True}
    assert read(LENS_DEMO="1")["feed"]["is_paused"] is False


def test_one_task_for_each_layer_in_one_line(daily: dict[str, Any]) -> None:
    tasks = ["wait_for_files", "land", "validate", "staging", "clean", "marts"]
    tasks += ["publish", "lists", "notifications", "digest", "check_files"]
    assert daily["tasks"] == tasks
    following = {task: tasks[number + 1 : number + 2] for number, task in enumerate(tasks)}
    # What landed and what is held is told at the end, too.
    following["land"] = ["check_files", "validate"]
    following["validate"] = ["check_files", "staging"]
    following["lists"] = ["check_files", "notifications"]
    following["notifications"] = ["check_files", "digest"]
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
    *steps, lists, notifications, digest = steps
    assert [step[1:] for step in steps] == [(3, 60, 2, ["tell_run_failed"])] * 7
    # The run is certified, whatever becomes of its lists: that is only told.
    assert lists == ("lists", 3, 60, 2, ["tell_lists"])
    assert notifications == ("notifications", 3, 60, 2, ["tell_lists"])
    assert digest == ("digest", 3, 60, 2, ["tell_lists"])
    # Another attempt would meet the same files, and the run itself is a success.
    assert (check_files[0], check_files[1], check_files[4]) == ("check_files", 0, ["tell_files"])


def test_tasks_stand_in_a_group_for_each_layer(daily: dict[str, Any]) -> None:
    assert daily["groups"] == {
        **dict.fromkeys(("wait_for_files", "land"), "files"),
        "validate": "gate",
        **dict.fromkeys(("staging", "clean", "marts"), "layers"),
        **dict.fromkeys(
            ("publish", "lists", "notifications", "digest", "check_files"), "publication"
        ),
    }


def test_a_run_has_a_deadline(daily: dict[str, Any], read: Callable[..., dict[str, Any]]) -> None:
    late = "loyalty_lens.scheduling.callbacks.run_late"
    assert daily["deadlines"] == [["DagRunQueuedAtDeadline", 3 * 3600, late]]
    assert read(LENS_LATE_MINUTES="5")["deadlines"][0][1] == 300


def test_every_few_minutes_is_a_schedule_too(read: Callable[..., dict[str, Any]]) -> None:
    found = read(LENS_SCHEDULE="*/10 * * * *")
    assert (found["errors"], found["expression"]) == ({}, "*/10 * * * *")


def test_upkeep_and_full_checks_have_dags_of_their_own(daily: dict[str, Any]) -> None:
    common = {
        "retries": 2,
        "backoff": 2,
        "documented": True,
        "max_active_runs": 1,
    }
    assert daily["upkeep"] == {
        "loyalty_maintenance": {
            "tasks": ["remove_what_is_old", "vacuum_and_analyze", "back_up"],
            "expression": "30 2 * * *",
            "callbacks": ["tell_maintenance"],
            **common,
        },
        "loyalty_quality": {
            "tasks": [
                *("data_tests", "counted_tables", "first_of_the_month"),
                *("raw_against_files", "restore_drill"),
            ],
            "expression": "0 3 * * 0",
            "callbacks": ["tell_quality"],
            **common,
        },
    }


def test_tasks_of_models_link_to_the_dashboards(read: Callable[..., dict[str, Any]]) -> None:
    address = "https://bi.example/dashboard/7"
    found = read(LENS_DASHBOARD_URL=address)
    button = [["Model results", address]]
    assert found["models"]["links"] == {"fit_and_score": button}
    assert found["links"] == dict.fromkeys(("staging", "clean", "marts"), button)


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
    for name in DAGS:
        code = LIGHT.format(dag_file=str(ROOT / "dags" / f"{name}.py"))
        assert run_script(code, airflow_environment(tmp_path)) == []
