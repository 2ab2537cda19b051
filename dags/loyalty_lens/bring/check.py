"""`lens check`: files go the whole way to the gate in a database that is thrown away afterwards."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path

from loyalty_lens.bring.findings import (
    EXAMPLES,
    CheckReport,
    FileCheck,
    counts_after,
    rejected_after,
    warned_after,
)
from loyalty_lens.bring.mirror import mirror
from loyalty_lens.bring.recognition import Recognised, recognise
from loyalty_lens.bring.throwaway import NotAllowed, throwaway_database, throwaway_server
from loyalty_lens.landing import ingest
from loyalty_lens.landing.discovery import find_files
from loyalty_lens.landing.report import LandingReport
from loyalty_lens.landing.storage import place_of
from loyalty_lens.quality import gate
from loyalty_lens.quality.report import QualityReport
from loyalty_lens.settings import Settings
from loyalty_lens.splits import load_layouts
from loyalty_lens.warehouse.access import running_url
from loyalty_lens.warehouse.connection import MissingDatabaseError, connect
from loyalty_lens.warehouse.server import EmbeddedServer
from loyalty_lens.worker import Worker


def check(
    settings: Settings, folder: Path | str, *, alone: bool = False, worker: Worker | None = None
) -> CheckReport:
    """Lands and judges the files below `folder` (or a URL) as a run would; leaves nothing behind.

    What the warehouse has accepted is copied beside first, so that stores, customers, products and
    sales are known; `alone` judges the files by themselves, as an empty warehouse would. `worker`:
    the helper of the gate, if one is at hand.
    Raises LandingError (no such folder) and WarehouseError.
    """
    with checked(settings, folder, alone=alone, worker=worker) as (report, _):
        return report


@contextmanager
def checked(
    settings: Settings, folder: Path | str, *, alone: bool = False, worker: Worker | None = None
) -> Iterator[tuple[CheckReport, str | None]]:
    """The same, and the URL of the database that the rows were judged in, until the block ends.

    No URL where there is no file of a data set.
    """
    place = place_of(folder, settings.landing_options)
    files, ignored = find_files(place, load_layouts())
    recognised = {file.path: found for file in files if (found := recognise(file))}
    if not files:
        nothing = tuple(
            FileCheck(file.path, "ignored", f"{file.path}: {file.reason}", None, ())
            for file in ignored
        )
        yield CheckReport(str(place), alone, nothing), None
        return
    with _helper(worker) as helper, _databases(settings, alone=alone) as (url, source):
        with _quiet():
            helper.start()
            is_alone = not (source and _mirrored(source, url))
            with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute("select coalesce(max(batch_id), 0) from ops.load_batches")
                (newest,) = cursor.fetchone() or (0,)
            landed = ingest(
                url,
                folder,
                supersede_limit=settings.supersede_limit,
                options=settings.landing_options,
            )
            judged = gate.validate(
                url,
                currency=settings.currency,
                default_time_zone=settings.default_time_zone,
                feed=settings.feed,
                worker=helper,
                warning_examples=EXAMPLES,
            )
        report = _report(url, str(place), newest, landed, judged, recognised, is_alone=is_alone)
        yield report, url


def _helper(worker: Worker | None) -> AbstractContextManager[Worker]:
    return nullcontext(worker) if worker else Worker("loyalty_lens.quality.expectations")


def _report(
    url: str,
    folder: str,
    newest: int,
    landed: LandingReport,
    judged: QualityReport,
    recognised: dict[str, Recognised],
    *,
    is_alone: bool,
) -> CheckReport:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        counts = counts_after(cursor, newest)
        return CheckReport(
            folder=folder,
            is_alone=is_alone,
            files=tuple(
                FileCheck(
                    path=file.path,
                    outcome=file.outcome,
                    message=file.message,
                    recognised=recognised.get(file.path),
                    counts=tuple(found for found in counts if found.file == file.path),
                )
                for file in landed.files
            ),
            rejected=tuple(rejected_after(cursor, newest)),
            warnings=tuple(warned_after(cursor, newest, judged.warned_rows)),
            notes=(
                *judged.notes,
                *(f"held back: {why}" for batch_id, why in judged.held if batch_id > newest),
            ),
            replayed=judged.replayed,
        )


@contextmanager
def _databases(settings: Settings, *, alone: bool) -> Iterator[tuple[str, str | None]]:
    """The URL of the database to work in, and of the warehouse to compare with, if there is one.

    An embedded server that was down is down again afterwards.
    """
    with ExitStack() as stack:
        base, source = None, None
        if settings.database_url:
            base, source = settings.database_url, running_url(settings)
        else:
            server = EmbeddedServer(settings.home)
            if server.exists():
                if not server.is_running():
                    stack.callback(server.stop)
                base, source = server.url("postgres"), server.url(settings.database)
        try:
            if base is None:
                raise NotAllowed("there is no server yet")
            url = stack.enter_context(throwaway_database(base))
        except (NotAllowed, MissingDatabaseError):
            url = stack.enter_context(throwaway_database(stack.enter_context(throwaway_server())))
        yield url, None if alone else source


def _mirrored(source: str, url: str) -> bool:
    try:
        return mirror(source, url)
    except MissingDatabaseError:
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """The log lines of landing and gate tell of a database that nobody will see."""
    logger = logging.getLogger("loyalty_lens")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
