"""What the DAGs have in common. Parsing a DAG imports this, and nothing else of ours."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink, Context, CronDataIntervalTimetable
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

    from loyalty_lens.alerts.alert import Kind
    from loyalty_lens.settings import Settings


def from_environment(name: str, default: str) -> str:
    """A setting that the DAG's own shape depends on; the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def timetable(name: str, default: str) -> CronDataIntervalTimetable:
    """The cron expression of a setting, in the time zone of the stores."""
    return CronDataIntervalTimetable(
        from_environment(name, default), timezone=from_environment("LENS_DEFAULT_TIME_ZONE", "UTC")
    )


def default_args(
    on_failure: Callable[[Context], None], *, retries: int = 3, minutes: int = 1
) -> dict[str, Any]:
    """Attempts that wait longer and longer: `minutes`, twice that, four times that."""
    return {
        "owner": "loyalty_lens",
        "retries": retries,
        "retry_delay": timedelta(minutes=minutes),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": on_failure,
    }


def alerts(kind: "Kind", *, fails_run: bool = False) -> Callable[[Context], None]:
    """Alerts once a task has no attempt left; the run stays as it is, or is marked as failed."""

    def tell(context: Context) -> None:
        from loyalty_lens.scheduling.callbacks import task_failed

        task_failed(context, kind=kind, fails_run=fails_run)

    tell.__name__ = f"tell_{kind.replace(' ', '_')}"
    return tell


@contextmanager
def warehouse_alone(*, is_check: bool = False) -> Iterator[tuple["Settings", str]]:
    """The settings and the warehouse's URL, to itself until the task ends.

    Wrong settings fail at once, and what a check finds: another attempt would meet the same.
    """
    from loyalty_lens.errors import QualityError, SettingsError, TransformError
    from loyalty_lens.pipeline.lock import only_run
    from loyalty_lens.settings import Settings
    from loyalty_lens.warehouse.access import warehouse_url

    final = (SettingsError, QualityError, TransformError) if is_check else (SettingsError,)
    try:
        settings = Settings.from_environment()
        url = warehouse_url(settings)
        with only_run(url, wait=True):
            yield settings, url
    except final as error:
        raise AirflowFailException(str(error)) from error


class ModelResults(BaseOperatorLink):
    """A button on a task: the dashboards, which show what the models say (LENS_DASHBOARD_URL)."""

    name = "Model results"

    def get_link(self, operator: BaseOperator, *, ti_key: "TaskInstanceKey") -> str:  # noqa: ARG002
        """The address as it is set; none where it is not."""
        return from_environment("LENS_DASHBOARD_URL", "")


def with_results(outcome: Any) -> Any:
    """The same task's outcome, its task with the button where there is an address for it."""
    if from_environment("LENS_DASHBOARD_URL", ""):
        outcome.operator.operator_extra_links = [ModelResults()]
    return outcome
