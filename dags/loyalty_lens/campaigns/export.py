"""A list becomes a file in LENS_EXPORTS and rows in `ops.campaign_members`."""

import datetime as dt
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.definition import Campaign, load_campaigns
from loyalty_lens.campaigns.files import file_name, new_file
from loyalty_lens.campaigns.selecting import (
    SMALLEST,
    Counts,
    Source,
    read_source,
    select_members,
)
from loyalty_lens.errors import CampaignError, LensError, first_line
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
TEXTS = ("text", "character varying", "jsonb")
CONTENT = """
select md5(%s || coalesce(
    string_agg(concat_ws('|', customer_id, arm, reason), chr(10) order by customer_id collate "C"),
    ''
)) from list_members
"""
LATEST = """
select export_id, content from ops.campaign_exports
where campaign_id = %s and business_date = %s order by export_id desc limit 1
"""
RENEW = """
update ops.campaign_exports
set exported_at = clock_timestamp(), run_id = %s, file = %s where export_id = %s
"""
INSERT = """
insert into ops.campaign_exports (
    campaign_id, title, business_date, definition, category, holdout_ratio, is_holdout_skipped,
    selected_count, exported_count, holdout_count, without_consent_count, consent_unknown_count,
    file, content, run_id
) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning export_id
"""
INSERT_MEMBERS = """
insert into ops.campaign_members (
    export_id, campaign_id, business_date, customer_id, arm, is_exported, reason, value_segment,
    segment_name
)
select %s, %s, %s, customer_id, arm, arm = 'treated', reason, value_segment, segment_name
from list_members
"""


@dataclass(frozen=True)
class Exported:
    """A list as written."""

    campaign: Campaign
    business_date: dt.date
    path: Path
    counts: Counts

    @property
    def is_holdout_skipped(self) -> bool:
        """Whether a control group was asked for and too few may be written to."""
        return bool(self.campaign.holdout) and self.counts.reachable < SMALLEST

    def lines(self) -> list[str]:
        """What there is to tell; the last line has the counts."""
        skipped = (
            f"no new holdout: {self.counts.reachable:,} may be written to, fewer than {SMALLEST}"
        )
        return [
            str(self.path),
            *([skipped] if self.is_holdout_skipped else []),
            self.counts.told(),
        ]


@dataclass(frozen=True)
class Lists:
    """All lists of a run: those written, and what went wrong with the others."""

    exported: tuple[Exported, ...]
    problems: tuple[str, ...]


def export_all(settings: Settings, url: str, run_id: str | None) -> Lists:
    """Every list of `campaigns.yml`, each in its own transaction; a wrong one stops no other."""
    try:
        campaigns = load_campaigns(settings.campaigns)
    except CampaignError as error:
        return Lists((), (str(error),))
    exported, problems = [], []
    with connected(url) as connection:
        for campaign in campaigns.values():
            try:
                done = export(settings, connection, campaign, run_id=run_id)
            except CampaignError as error:
                problems.append(str(error))
                continue
            LOG.info("list %s: %s", campaign.campaign_id, done.counts.told())
            exported.append(done)
    return Lists(tuple(exported), tuple(problems))


def export(
    settings: Settings,
    connection: Connection,
    campaign: Campaign,
    *,
    path: Path | None = None,
    run_id: str | None = None,
    reason: str | None = None,
) -> Exported:
    """Writes the list, records its members, and puts the file in its place once that is certain.

    `path`: default LENS_EXPORTS/<business date>/<name>.csv, over the one of the same day. `reason`:
    why somebody asked for it by hand; kept in `ops.audit_log`.

    Raises CampaignError; then there is no new file.
    """
    reason = None if reason is None else given_reason(reason)
    with _one_transaction(connection, campaign) as cursor:
        source = read_source(cursor)
        counts = select_members(
            cursor, campaign, source, consent_when_missing=settings.consent_when_missing
        )
        business_date = _business_date(cursor)
        path = path or settings.exports / str(business_date) / file_name(campaign.campaign_id)
        done = Exported(campaign, business_date, path, counts)
        with new_file(path) as file:
            cursor.copy_expert(_copy(campaign, source), file.stream)
            _record(cursor, done, run_id)
            if reason is not None:
                details = {"list": campaign.campaign_id, "rows": counts.exported, "file": path.name}
                record(cursor, "export", reason, details=details)
            connection.commit()  # known before it can be sent
            file.keep()
    return done


@contextmanager
def _one_transaction(connection: Connection, campaign: Campaign) -> Iterator[Cursor]:
    """A cursor; rolled back where the block raises, which is told as a CampaignError."""
    try:
        with connection.cursor() as cursor:
            yield cursor
    except LensError:
        connection.rollback()
        raise
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        raise  # the connection itself: whoever opened it tells
    except psycopg2.Error as error:
        connection.rollback()
        raise CampaignError(f"list {campaign.campaign_id!r}: {first_line(error)}") from error


def _business_date(cursor: Cursor) -> dt.date:
    cursor.execute("select business_date from clean.as_of")
    (date,) = cursor.fetchone() or (None,)
    if date is None:
        raise CampaignError("no sale was ever accepted: there is nobody to write to yet")
    return cast(dt.date, date)


def _copy(campaign: Campaign, source: Source) -> sql.Composable:
    """Texts are written so that a spreadsheet takes none of them for a formula."""
    columns = sql.SQL(", ").join(
        sql.SQL("ops.to_spreadsheet(cast(customers.{0} as text)) as {0}").format(
            sql.Identifier(name)
        )
        if source.types[name] in TEXTS
        else sql.SQL("customers.{}").format(sql.Identifier(name))
        for name in campaign.columns
    )
    return sql.SQL(
        "copy (select {columns} from (select * from {source}) as customers"
        " inner join list_members on customers.customer_id = list_members.customer_id"
        " where list_members.arm = 'treated'"
        " order by customers.monetary desc, customers.customer_id)"
        " to stdout (format csv, header, encoding 'UTF8')"
    ).format(columns=columns, source=source.relation())


def _record(cursor: Cursor, done: Exported, run_id: str | None) -> None:
    """Notes the list and its members; the same list of the same day is renewed."""
    campaign, counts = done.campaign, done.counts
    definition = json.dumps(campaign.as_json, default=str)
    cursor.execute(CONTENT, (definition,))
    (content,) = cursor.fetchone() or (None,)
    cursor.execute(LATEST, (campaign.campaign_id, done.business_date))
    latest = cursor.fetchone()
    if latest and latest[1] == content:
        cursor.execute(RENEW, (run_id, str(done.path), latest[0]))
        return
    cursor.execute(
        INSERT,
        (
            campaign.campaign_id,
            campaign.title,
            done.business_date,
            definition,
            campaign.category,
            campaign.holdout,
            done.is_holdout_skipped,
            counts.selected,
            counts.exported,
            counts.held_out,
            counts.without_consent,
            counts.consent_unknown,
            str(done.path),
            content,
            run_id,
        ),
    )
    (export_id,) = cursor.fetchone() or (None,)
    cursor.execute(INSERT_MEMBERS, (export_id, campaign.campaign_id, done.business_date))
