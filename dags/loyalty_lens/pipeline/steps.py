"""The steps of a run, one function each: `lens run` and the Airflow DAG call the same ones."""

import datetime as dt
import logging
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from smtplib import SMTPException
from typing import Any

from loyalty_lens.alerts.channels import mail
from loyalty_lens.campaigns.export import export_all
from loyalty_lens.errors import CampaignError
from loyalty_lens.landing import ingest
from loyalty_lens.landing.arrival import Arrival
from loyalty_lens.notifications.delivery import deliver
from loyalty_lens.pipeline import runs
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.pipeline.certificate import certify
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.quality import gate
from loyalty_lens.report.digest import write_digest
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
STALE_AFTER_DAYS = 3


def open_run(
    settings: Settings,
    *,
    requested: RequestedDate,
    run_id: str | None = None,
    trigger: str = "cli",
) -> str:
    """Opens a run in `ops.pipeline_runs`; with a known `run_id` (a retry) opens it again."""
    return runs.open_row(warehouse_url(settings), run_id, requested, trigger)


def land(
    settings: Settings,
    run_id: str,
    landing: Path | str | None = None,
    *,
    replace: int | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Files to `raw`: the landing report as a dict. `landing` may be a URL."""
    report = ingest(
        warehouse_url(settings),
        landing or settings.landing_url or settings.landing,
        run_id=run_id,
        supersede_limit=settings.supersede_limit,
        replace=replace,
        reason=reason,
        options=settings.landing_options,
        arrival=Arrival(float(settings.settle_seconds), settings.marker),
        parameters=pseudonyms.session(settings),
    )
    return report.as_dict()


def is_judged(settings: Settings) -> bool:
    """Whether there is nothing to judge, unless files come."""
    return gate.is_settled(
        warehouse_url(settings),
        currency=settings.currency,
        default_time_zone=settings.default_time_zone,
        feed=settings.feed,
    )


def validate(settings: Settings, run_id: str, workers: Workers | None = None) -> dict[str, Any]:
    """Rows not yet judged to accepted or `reject`, and the as-of date of the run settled."""
    url = warehouse_url(settings)
    row = runs.read_row(url, run_id)
    with workers_of(settings, url, workers) as helpers:
        report = gate.validate(
            url,
            business_date=row.requested_date if row.is_explicit else None,
            currency=settings.currency,
            default_time_zone=settings.default_time_zone,
            feed=settings.feed,
            run_id=run_id,
            worker=helpers.gate,
        )
    business_date = runs.date_row(url, run_id)
    _tell_date(url, business_date)
    return {**report.as_dict(), "business_date": str(business_date) if business_date else None}


def transform(
    settings: Settings, run_id: str, layer: str, workers: Workers | None = None
) -> dict[str, Any]:
    """dbt for one layer: staging, clean or marts (or `all`).

    Keys: the number of nodes by kind; `slowest`, seconds of the slowest models so far; and
    `results`, where they all are.
    """
    url = warehouse_url(settings)
    row = runs.read_row(url, run_id)
    with workers_of(settings, url, workers) as helpers:
        counts = build(url, helpers.dbt, layer, run_id=run_id, business_date=row.business_date)
    if layer in ("marts", "all"):
        pseudonyms.refresh(settings, url)
    return {**counts, **runs.results(url, run_id)}


def publish(settings: Settings, run_id: str) -> dict[str, Any]:
    """Certifies the run and marks it a success; returns the certificate."""
    url = warehouse_url(settings)
    certificate = certify(url, run_id, settings)
    accounts = certificate["accounts"]
    if accounts["customers_changed"]:
        LOG.info(
            "%s customers have other points up to %s than were published: late, corrected or"
            " replayed rows",
            f"{accounts['customers_changed']:,}",
            accounts["up_to"],
        )
    runs.close_row(url, run_id, status="success")
    return certificate


def write_lists(settings: Settings, run_id: str) -> dict[str, Any]:
    """The lists of `campaigns.yml` to LENS_EXPORTS, once the run is certified.

    Returns what each list came to, and `problems`: a wrong list stops neither the others nor the
    run.
    Whoever asks for a date of the past looks at it: nothing is written.
    """
    if _looks_back(settings, run_id):
        return {"lists": {}, "folder": str(settings.exports), "problems": []}
    done = export_all(settings, warehouse_url(settings), run_id)
    for message in done.problems:
        LOG.warning("not written: %s", message)
    return {
        "lists": {each.campaign.campaign_id: each.counts.told() for each in done.exported},
        "folder": str(settings.exports),
        "problems": list(done.problems),
    }


def notify(settings: Settings, run_id: str) -> dict[str, Any]:
    """Messages of the outbox to a file in LENS_EXPORTS, once the run is certified.

    Keys: messages, files, problems: what goes wrong here does not undo the run. Nothing is sent for
    a date of the past.
    """
    if _looks_back(settings, run_id):
        return {"messages": 0, "files": [], "problems": []}
    try:
        done = deliver(settings, warehouse_url(settings), run_id)
    except CampaignError as error:
        LOG.warning("messages were not written: %s", error)
        return {"messages": 0, "files": [], "problems": [str(error)]}
    return {"messages": done.messages, "files": [str(file) for file in done.files], "problems": []}


def digest(settings: Settings, run_id: str) -> dict[str, Any]:
    """One page about the run to LENS_EXPORTS, and by mail where LENS_DIGEST_EMAIL says so.

    Keys: file, problems: what goes wrong here does not undo the run.
    """
    if _looks_back(settings, run_id):
        return {"file": None, "problems": []}
    try:
        path, page = write_digest(settings, warehouse_url(settings), run_id)
    except CampaignError as error:
        LOG.warning("the digest was not written: %s", error)
        return {"file": None, "problems": [str(error)]}
    if settings.digest_email and settings.alert_email:
        try:
            mail(
                settings, f"digest of {path.parent.name}", f"See {path}, or the page itself.", page
            )
        except (OSError, SMTPException, ValueError) as error:
            LOG.warning("the digest was not mailed: %s", error)
            return {"file": str(path), "problems": [f"not mailed: {type(error).__name__} {error}"]}
    return {"file": str(path), "problems": []}


def _looks_back(settings: Settings, run_id: str) -> bool:
    """Whoever asks for a date of the past looks at it: nothing leaves the house."""
    row = runs.read_row(warehouse_url(settings), run_id)
    if row.is_explicit and row.business_date != _newest(warehouse_url(settings)):
        LOG.info("nothing is written for %s, a date that was asked for", row.business_date)
        return True
    return False


def close_run(settings: Settings, run_id: str) -> None:
    """Marks a run of a single step as a success; it has no certificate."""
    runs.close_row(warehouse_url(settings), run_id, status="success")


def fail_run(settings: Settings, run_id: str, message: str) -> None:
    """Marks the run as failed, with the one line that says why."""
    runs.close_row(warehouse_url(settings), run_id, status="failed", message=message)


def workers_of(
    settings: Settings, url: str, workers: Workers | None
) -> AbstractContextManager[Workers]:
    """The given helpers, left open for their owner; without any, new ones for this step alone."""
    return nullcontext(workers) if workers else Workers(settings, url)


def stale_days(business_date: dt.date | None, newest: dt.date | None) -> int:
    """Days by which the data end before the business date, where that is unusual; else 0."""
    days = (business_date - newest).days if business_date and newest else 0
    return days if days > STALE_AFTER_DAYS else 0


def _tell_date(url: str, business_date: dt.date | None) -> None:
    newest = _newest(url)
    LOG.info("business date %s", business_date or "unknown: no sale was ever accepted")
    stale = stale_days(business_date, newest)
    if stale:
        LOG.warning(
            "the data end on %s, %d days before the business date %s: is a delivery missing?",
            newest,
            stale,
            business_date,
        )


def _newest(url: str) -> dt.date | None:
    """The newest business date among the accepted sales."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("select ops.newest_business_date()")
        row = cursor.fetchone()
    return row[0] if row else None
