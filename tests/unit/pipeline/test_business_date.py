"""The business date of a run: every case of the design, section 8."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum

import pytest

from loyalty_lens.errors import SettingsError
from loyalty_lens.pipeline.business_date import RequestedDate, requested_date

NEWEST = RequestedDate(None, is_explicit=False)
INTERVAL = datetime(2026, 1, 5, 5, tzinfo=UTC)


def asked(
    parameter: str | date | None = None,
    start: datetime | None = None,
    run_type: str | None = None,
    time_zone: str = "UTC",
) -> RequestedDate:
    return requested_date(
        parameter=parameter, data_interval_start=start, run_type=run_type, time_zone=time_zone
    )


@pytest.mark.parametrize("run_type", ["manual", "scheduled", "backfill", "asset_triggered", None])
@pytest.mark.parametrize("parameter", ["2026-01-03", " 2026-01-03 ", date(2026, 1, 3)])
def test_parameter_wins_over_every_kind_of_run(parameter: str | date, run_type: str | None) -> None:
    expected = RequestedDate(date(2026, 1, 3), is_explicit=True)
    assert asked(parameter, INTERVAL, run_type) == expected
    assert asked(parameter, None, run_type) == expected


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_run_of_a_day_takes_the_start_of_its_interval(run_type: str) -> None:
    assert asked(None, INTERVAL, run_type) == RequestedDate(date(2026, 1, 5), is_explicit=False)


@pytest.mark.parametrize("parameter", [None, "", "   "])
def test_empty_parameter_is_no_parameter(parameter: str | None) -> None:
    assert asked(parameter, INTERVAL, "scheduled").date == date(2026, 1, 5)
    assert asked(parameter, INTERVAL, "manual") == NEWEST


@pytest.mark.parametrize(
    "run_type", ["manual", "asset_triggered", "asset_materialization", "operator_triggered", None]
)
@pytest.mark.parametrize("start", [INTERVAL, None], ids=["interval", "no interval"])
def test_other_runs_ask_for_the_newest_date(run_type: str | None, start: datetime | None) -> None:
    assert asked(None, start, run_type) == NEWEST


def test_scheduled_run_without_an_interval_asks_for_the_newest_date() -> None:
    assert asked(None, None, "scheduled") == NEWEST


def test_run_type_may_be_an_enumeration_of_strings() -> None:
    class RunType(str, Enum):  # noqa: UP042  (as Airflow's own)
        BACKFILL = "backfill"
        MANUAL = "manual"

    assert asked(None, INTERVAL, RunType.BACKFILL).date == date(2026, 1, 5)
    assert asked(None, INTERVAL, RunType.MANUAL) == NEWEST


@pytest.mark.parametrize(
    ("time_zone", "utc", "local"),
    [
        # 05:00 on 6 January by the shop's clock, in UTC and as a date
        ("Pacific/Auckland", "2026-01-05T16:00", "2026-01-06"),
        ("Asia/Kolkata", "2026-01-05T23:30", "2026-01-06"),
        ("America/Los_Angeles", "2026-01-06T13:00", "2026-01-06"),
        # an evening job: 23:00 on 5 January by the shop's clock is the 6th in UTC
        ("America/Los_Angeles", "2026-01-06T07:00", "2026-01-05"),
        ("Pacific/Kiritimati", "2026-01-05T10:00", "2026-01-06"),
        ("Pacific/Pago_Pago", "2026-01-06T10:59", "2026-01-05"),
    ],
)
def test_date_is_local_east_and_west(time_zone: str, utc: str, local: str) -> None:
    start = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert asked(None, start, "scheduled", time_zone).date == date.fromisoformat(local)


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-03-28T22:30", "2026-03-28"),  # winter, +01:00: 23:30
        ("2026-03-29T21:30", "2026-03-29"),  # summer, +02:00: 23:30 of the day the clock changed
        ("2026-03-29T22:30", "2026-03-30"),  # would still be the 29th at +01:00
        ("2026-10-24T22:30", "2026-10-25"),  # summer, +02:00: 00:30
        ("2026-10-25T22:30", "2026-10-25"),  # winter again: would be the 26th at +02:00
    ],
)
def test_summer_time_moves_the_border_of_the_day(utc: str, local: str) -> None:
    start = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert asked(None, start, "backfill", "Europe/Amsterdam").date == date.fromisoformat(local)


def test_offset_of_the_instant_does_not_matter() -> None:
    same = [
        datetime(2026, 1, 5, 23, 30, tzinfo=UTC),
        datetime(2026, 1, 5, 23, 30),
        datetime(2026, 1, 6, 8, 30, tzinfo=timezone(timedelta(hours=9))),
        datetime(2026, 1, 5, 15, 30, tzinfo=timezone(timedelta(hours=-8))),
    ]
    dates = {asked(None, start, "scheduled", "Europe/Amsterdam").date for start in same}
    assert dates == {date(2026, 1, 6)}


def test_pendulum_instants_give_plain_dates() -> None:
    pendulum = pytest.importorskip("pendulum")
    start = pendulum.datetime(2026, 1, 5, 23, 30, tz="UTC")
    found = asked(None, start, "scheduled", "Asia/Tokyo").date
    assert found == date(2026, 1, 6)
    assert type(found) is date


@pytest.mark.parametrize(
    "parameter",
    ["yesterday", "05-01-2026", "2026-13-01", "2026-02-30", "20260105", "2026-01-05T05:00:00Z"],
)
def test_unreadable_parameter_is_named(parameter: str) -> None:
    with pytest.raises(SettingsError, match=rf"business_date is '{parameter}'.*2026-01-05"):
        asked(parameter, INTERVAL, "scheduled")


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "", "../etc", "Europe"])
def test_unknown_time_zone_is_named(time_zone: str) -> None:
    with pytest.raises(SettingsError, match=rf"LENS_DEFAULT_TIME_ZONE is '{time_zone}'"):
        asked(None, INTERVAL, "scheduled", time_zone)
