"""Messages of the outbox become a file for a mail tool, each event exactly once.

First the messages and their events are recorded, in one transaction: an event that was told before
keeps its message out. Then the file is written from the record. Whatever ends in between, the next
delivery writes the file that is missing; what lies there already is the same, byte for byte.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.files import BYTE_ORDER_MARK, new_file
from loyalty_lens.errors import CampaignError, first_line
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
IS_BUILT = "select to_regclass('marts.notification_outbox') is not null"
# Who said no in a version newer than the business date is not written to; nor, whatever the outbox
# says, who was written to since it was built.
DUE = """
create temporary table due_messages on commit drop as
with said as (
    select distinct on (versions.customer_id)
        versions.customer_id,
        versions.has_marketing_consent
    from staging.stg_customer_details as versions
    where versions.customer_id in (select customer_id from marts.notification_outbox)
    order by
        versions.customer_id, versions.version_at desc, versions._batch_id desc,
        versions._row_number desc
)
select outbox.*
from marts.notification_outbox as outbox
left join said on outbox.customer_id = said.customer_id
where coalesce(said.has_marketing_consent, true)
    and not exists (
        select from ops.notification_events as events
        where events.event_key = any(outbox.event_keys)
    )
"""
RECORD_FILE = """
insert into ops.notification_files (business_date, run_id, file, message_count)
select min(business_date), %s, '', count(*) from due_messages
having count(*) > 0 returning delivery_id, business_date
"""
RECORD_MESSAGES = """
insert into ops.notifications (
    notification_id, delivery_id, customer_id, template, subject, body, figures, business_date
)
select
    notification_id, %s, customer_id, template, subject, body,
    jsonb_build_object(
        'earned_points', earned_points, 'balance_points', balance_points,
        'expiring_7_points', expiring_7_points, 'expiring_30_points', expiring_30_points,
        'reached_tier', reached_tier, 'at_risk_tier', at_risk_tier
    ),
    business_date
from due_messages
"""
RECORD_EVENTS = """
insert into ops.notification_events (event_key, notification_id)
select keys.event_key, due.notification_id
from due_messages as due, unnest(due.event_keys) as keys (event_key)
"""
UNWRITTEN = """
select delivery_id, file, message_count from ops.notification_files
where written_at is null order by delivery_id
"""
FIGURES = ("earned_points", "balance_points", "expiring_7_points", "expiring_30_points")
TIERS = ("reached_tier", "at_risk_tier")


@dataclass(frozen=True)
class Delivered:
    """Files of messages that this delivery wrote: of its own, and of one that was cut off."""

    files: tuple[Path, ...]
    messages: int


def deliver(settings: Settings, url: str, run_id: str | None) -> Delivered:
    """Delivers what the outbox holds, in LENS_NOTIFICATIONS' format; whoever calls holds the lock.

    Raises CampaignError where the marts were never built, or the file cannot be written: then the
    messages are recorded, and the next delivery writes it.
    """
    try:
        with connected(url) as connection, connection.cursor() as cursor:
            cursor.execute(IS_BUILT)
            if cursor.fetchone() != (True,):
                raise CampaignError("the outbox was never built: lens run builds it")
            if settings.notifications != "off":
                _record(cursor, settings, run_id)
    except psycopg2.IntegrityError as error:
        raise CampaignError(f"notifications: {first_line(error)}; run again") from error
    return _write_all(url)


def _record(cursor: Cursor, settings: Settings, run_id: str | None) -> None:
    cursor.execute(DUE)
    cursor.execute(RECORD_FILE, (run_id,))
    recorded = cursor.fetchone()
    if recorded is None:
        return
    delivery_id, business_date = recorded
    cursor.execute(
        "update ops.notification_files set file = %s where delivery_id = %s",
        (str(_path(settings, business_date, delivery_id)), delivery_id),
    )
    cursor.execute(RECORD_MESSAGES, (delivery_id,))
    cursor.execute(RECORD_EVENTS)


def _write_all(url: str) -> Delivered:
    """Each file in a transaction of its own, noted once it is in its place."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(UNWRITTEN)
        waiting = cursor.fetchall()
    files, messages = [], 0
    for delivery_id, file, count in waiting:
        path = Path(file)
        with connected(url) as connection, connection.cursor() as cursor:
            is_csv = path.suffix == ".csv"
            with new_file(path, BYTE_ORDER_MARK if is_csv else b"") as new:
                cursor.copy_expert(_copy(delivery_id, is_csv=is_csv), new.stream)
                new.keep()
            cursor.execute(
                "update ops.notification_files set written_at = clock_timestamp()"
                " where delivery_id = %s",
                (delivery_id,),
            )
        LOG.info("%s messages: %s", f"{count:,}", path)
        files.append(path)
        messages += count
    return Delivered(tuple(files), messages)


def _copy(delivery_id: int, *, is_csv: bool) -> sql.Composable:
    """Texts in a CSV are written so that a spreadsheet takes none of them for a formula."""
    texts = ("notification_id", "customer_id", "template", "subject", "body")
    messages = sql.SQL("from ops.notifications where delivery_id = {}").format(
        sql.Literal(delivery_id)
    )
    order = sql.SQL('order by customer_id collate "C"')
    if not is_csv:
        # One JSON object a line; COPY's own escapes would break it, so CSV without any.
        row = sql.SQL(
            "select cast(jsonb_build_object('notification_id', notification_id,"
            " 'customer_id', customer_id, 'template', template, 'subject', subject, 'body', body,"
            " 'business_date', business_date) || figures as text)"
        )
        return sql.SQL(
            r"copy ({} {} {}) to stdout (format csv, quote e'\x01', escape e'\x01',"
            r" delimiter e'\x02', encoding 'UTF8')"
        ).format(row, messages, order)
    escaped = sql.SQL(", ").join(
        sql.SQL("ops.to_spreadsheet({0}) as {0}").format(sql.Identifier(name)) for name in texts
    )
    told = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(
            sql.SQL(
                "ops.to_spreadsheet(figures ->> {})" if name in TIERS else "figures ->> {}"
            ).format(sql.Literal(name)),
            sql.Identifier(name),
        )
        for name in (*FIGURES, *TIERS)
    )
    return sql.SQL(
        "copy (select {}, {}, business_date {} {}) to stdout (format csv, header, encoding 'UTF8')"
    ).format(escaped, told, messages, order)


def _path(settings: Settings, business_date: dt.date, delivery_id: int) -> Path:
    """A name of its own for each delivery: none is ever written over."""
    name = f"notifications_{delivery_id:06}.{settings.notifications}"
    return settings.exports / str(business_date) / name
