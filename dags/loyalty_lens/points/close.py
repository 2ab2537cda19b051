"""Month close: a month's figures as published, kept for ever beside what is reckoned later."""

import datetime as dt
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any

from psycopg2.extras import execute_values

from loyalty_lens.errors import PointsError
from loyalty_lens.points.replay import Replay, replaying
from loyalty_lens.points.rules import business_date_of
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.transform.build import refuse_unjudged
from loyalty_lens.warehouse.connection import connected

BALANCES = """
select
    cast(coalesce(sum(points) filter (where business_date < %s), 0) as bigint) as opening_balance,
    cast(coalesce(sum(points), 0) as bigint) as closing_balance
from marts.points_ledger where business_date <= %s
"""
OUTSTANDING = """
select
    cast(coalesce(sum(available_points + pending_points), 0) as bigint) as outstanding_points,
    cast(coalesce(sum(debt_points), 0) as bigint) as debt_points
from pg_temp.points_balances
"""
LIABILITY = """
select
    coalesce(sum(liability_amount), 0) as liability_amount,
    coalesce(sum(deferred_amount), 0) as deferred_amount
from pg_temp.points_liability
"""
FIGURES = """
select
    entry_type, _batch_id as batch_id, cast(sum(points) as bigint) as points,
    count(*) as entry_count
from marts.points_ledger where business_date between %s and %s
group by entry_type, _batch_id order by entry_type, _batch_id
"""
LAST_RUN = "select status, message from ops.pipeline_runs order by started_at desc limit 1"


@dataclass(frozen=True)
class Figure:
    """Sum and number of entries of a type that came from one batch."""

    entry_type: str
    batch_id: int | None
    points: int
    entry_count: int


@dataclass(frozen=True)
class Closing:
    """A month as it is published; opening balance + figures = closing = outstanding - debt."""

    closing_id: int  # in ops.closed_months
    month: dt.date  # its first day
    business_date: dt.date
    opening_balance: int
    closing_balance: int
    outstanding_points: int
    debt_points: int
    liability_amount: Decimal  # in the warehouse's currency, after breakage
    deferred_amount: Decimal
    replaces: int | None  # the closing of the same month before it
    figures: tuple[Figure, ...]


def close(
    settings: Settings, url: str, month: dt.date, reason: str | None, *, again: bool
) -> Closing:
    """Stores the figures of a month, with an entry in the audit log; nothing else changes.

    Raises PointsError where the month is not over at the marts' business date, is closed already
    (unless `again`, which keeps the earlier closing), or the marts are not those of a whole run.
    """
    refuse_unjudged(url)
    with replaying(settings, url) as replay:
        business_date = _checked(replay, month, again=again)
        found = _reckoned(replay, month)
        figures = [Figure(**row) for row in replay.rows(FIGURES, month, last_day(month))]
    told = given_reason(f"{month:%Y-%m} is over" if reason is None else reason)
    values = {"month": month, "business_date": business_date, **found}
    money = {"point_cost": settings.point_cost, "currency": settings.currency}
    closing_id, replaces = _stored(url, {**values, **money, "reason": told}, figures)
    return Closing(closing_id=closing_id, replaces=replaces, figures=tuple(figures), **values)


def last_day(month: dt.date) -> dt.date:
    """The last day of the month that begins on `month`."""
    return (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def _checked(replay: Replay, month: dt.date, *, again: bool) -> dt.date:
    business_date = business_date_of(replay)
    if business_date is None or business_date < last_day(month):
        raise PointsError(
            f"{month:%Y-%m} is not over: the business date of the marts is"
            f" {business_date or 'unknown'}; close it once that is {last_day(month)} or later"
        )
    (last_run,) = replay.rows(LAST_RUN) or [{"status": "success", "message": None}]
    if last_run["status"] != "success":
        raise PointsError(
            f"the last run has not succeeded ({last_run['message'] or last_run['status']}), so the"
            " marts may be in parts of different days: lens run, then close"
        )
    closed = replay.rows(
        "select closed_at, reason from ops.closed_months where month = %s"
        " order by closing_id desc limit 1",
        month,
    )
    if closed and not again:
        raise PointsError(
            f"{month:%Y-%m} was closed on {closed[0]['closed_at']:%Y-%m-%d %H:%M} UTC"
            f" ({closed[0]['reason']}); --again keeps that closing and adds a new one"
        )
    return business_date


def _reckoned(replay: Replay, month: dt.date) -> dict[str, Any]:
    """Balances from the ledger; lots, debt and liability as a build as of the last day has them."""
    end = last_day(month)
    (balances,) = replay.rows(BALANCES, month, end)
    replay.put("as_of", "select cast(%s as date) as business_date", end)
    replay.put(
        "points_postings", "select * from marts.points_postings where business_date <= %s", end
    )
    replay.build("purchases", "points_movements", "points_ledger", "points_lots")
    replay.build("points_balances", "points_liability")
    (outstanding,), (liability,) = replay.rows(OUTSTANDING), replay.rows(LIABILITY)
    told = outstanding["outstanding_points"] - outstanding["debt_points"]
    if told != balances["closing_balance"]:
        raise PointsError(
            f"{month:%Y-%m}: the ledger sums to {balances['closing_balance']} on {end}, lots less"
            f" debt to {told}; nothing is closed: lens build --tests says where it breaks"
        )
    return {**balances, **outstanding, **liability}


def _stored(url: str, values: dict[str, Any], figures: list[Figure]) -> tuple[int, int | None]:
    """The new closing's id and that of the one before it, in one transaction with the audit log."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select max(closing_id) from ops.closed_months where month = %s", (values["month"],)
        )
        (replaces,) = cursor.fetchone() or (None,)
        columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
        cursor.execute(
            f"insert into ops.closed_months ({columns}) values ({places}) returning closing_id",  # noqa: S608  (our own names)
            list(values.values()),
        )
        ((closing_id,),) = cursor.fetchall()
        execute_values(
            cursor,
            "insert into ops.closed_month_figures"
            " (closing_id, entry_type, batch_id, points, entry_count) values %s",
            [(closing_id, *astuple(figure)) for figure in figures],
        )
        details = {
            "month": f"{values['month']:%Y-%m}",
            "closing_id": closing_id,
            "replaces": replaces,
        }
        record(cursor, "close", values["reason"], details=details)
    return closing_id, replaces
