"""The rows of `ops.pipeline_runs`: a run is opened, dated, and ends as a success or a failure."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from loyalty_lens.errors import LensError
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.warehouse.connection import connected

SLOWEST = """
select unique_id, round(execution_seconds, 2) from ops.model_runs
where run_id = %s and resource_type = 'model' and execution_seconds is not null
order by execution_seconds desc, unique_id limit 3
"""


@dataclass(frozen=True)
class RunRow:
    """What `ops.pipeline_runs` knows of a run before it ends."""

    run_id: str
    requested_date: dt.date | None
    is_explicit: bool
    business_date: dt.date | None


def open_row(url: str, run_id: str | None, requested: RequestedDate, trigger: str) -> str:
    """Opens a run, or opens it again (a retry meets the same row); returns its id."""
    run_id = run_id or f"{trigger}__{uuid.uuid4()}"
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.pipeline_runs (run_id, requested_date, is_explicit_date, trigger)"
            " values (%s, %s, %s, %s) on conflict (run_id) do update set"
            " requested_date = excluded.requested_date,"
            " is_explicit_date = excluded.is_explicit_date,"
            " status = 'running', finished_at = null, message = null",
            (run_id, requested.date, requested.is_explicit, trigger),
        )
    return run_id


def read_row(url: str, run_id: str) -> RunRow:
    """The run's row; LensError where there is none."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select run_id, requested_date, is_explicit_date, business_date"
            " from ops.pipeline_runs where run_id = %s",
            (run_id,),
        )
        row = cursor.fetchone()
    if row is None:
        raise LensError(f"run {run_id}: not in ops.pipeline_runs; open it first (lens run)")
    return RunRow(*row)


def date_row(url: str, run_id: str) -> dt.date | None:
    """Settles the as-of date of the run, now that its rows are judged (design, business date).

    An explicit date stands as it is. Otherwise the published date never goes back: the newest of
    the accepted sales, of earlier runs, and of what this run was asked for.
    """
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.pipeline_runs set business_date = case"
            " when is_explicit_date then requested_date"
            " when requested_date is null and ops.newest_business_date() is null then null"
            " else greatest(ops.published_business_date(), requested_date) end"
            " where run_id = %s returning business_date",
            (run_id,),
        )
        row = cursor.fetchone()
    return row[0] if row else None


def close_row(url: str, run_id: str, *, status: str, message: str | None = None) -> None:
    """Ends the run as `success` or `failed`."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.pipeline_runs set status = %s, message = %s,"
            " finished_at = clock_timestamp() where run_id = %s",
            (status, message, run_id),
        )


def results(url: str, run_id: str) -> dict[str, Any]:
    """Where `ops.model_runs` has what dbt did in this run, and its slowest models so far."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(SLOWEST, (run_id,))
        slowest = {name.split(".")[-1]: float(seconds) for name, seconds in cursor.fetchall()}
    return {"slowest": slowest, "results": f"ops.model_runs, run_id {run_id}"}
