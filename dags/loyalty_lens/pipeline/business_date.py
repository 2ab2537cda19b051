"""Which business date a run was asked for: the one function that the DAG and the CLI share."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from loyalty_lens.errors import SettingsError

# Only these runs stand for a day. A manual run may carry a data interval too (the one that ended
# last before its logical date), but whoever started it did not choose it.
RUN_TYPES_OF_A_DAY = ("scheduled", "backfill")


@dataclass(frozen=True)
class RequestedDate:
    """What a run was asked for."""

    date: date | None  # None: the newest business date among accepted sales
    is_explicit: bool  # True only for the parameter business_date


def requested_date(
    *,
    parameter: str | date | None,
    data_interval_start: datetime | None,
    run_type: str | None,
    time_zone: str,
) -> RequestedDate:
    """The date that a run was asked for (design section 8, "The business date").

    1. `parameter`, where it is given: explicit. 2. A scheduled or backfill run: the date of
    `data_interval_start` in `time_zone` (an instant without an offset is UTC). 3. Any other run
    (manual, asset-triggered, CLI): none. The logical date plays no part.

    `run_type` is Airflow's word for the kind of run, None outside Airflow.
    Raises SettingsError for a parameter that is no date and for an unknown time zone.
    """
    if parameter is not None and str(parameter).strip():
        return RequestedDate(_read(str(parameter).strip()), is_explicit=True)
    if run_type in RUN_TYPES_OF_A_DAY and data_interval_start is not None:
        return RequestedDate(_local_date(data_interval_start, time_zone), is_explicit=False)
    return RequestedDate(None, is_explicit=False)


def _read(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise SettingsError(f"business_date is {text!r}: use a date such as 2026-01-05") from None


def _local_date(instant: datetime, time_zone: str) -> date:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"LENS_DEFAULT_TIME_ZONE is {time_zone!r}: use a name such as Europe/Amsterdam"
        ) from None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    local = aware.astimezone(zone)
    return date(local.year, local.month, local.day)  # pendulum's own .date() is a class of its own
