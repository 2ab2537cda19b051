"""The gate: judges every row not yet judged and routes what fails, data set after data set.

The pipeline's own process only sends SQL; Great Expectations runs in `worker`
(`loyalty_lens.quality.expectations`). Scratch tables are committed so that it can read them; what
a judgement decides is committed at once per data set, so that a crash leaves its batches `loaded`
and the next run judges them again.
"""

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.errors import QualityError, SettingsError, first_line
from loyalty_lens.quality import (
    batch_rules,
    batches,
    known,
    merges,
    report,
    returns,
    scratch,
    settled,
    versions,
)
from loyalty_lens.quality.ahead import Ahead
from loyalty_lens.quality.batch_suite import BatchRule, load_batch_rules
from loyalty_lens.quality.failing import Failing, WarnedRow
from loyalty_lens.quality.feeds import load_suites
from loyalty_lens.quality.hints import setting_hints
from loyalty_lens.quality.report import QualityReport
from loyalty_lens.quality.routing import Routing
from loyalty_lens.quality.suites import SUITES, Suite
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.worker import Worker

LOG = logging.getLogger(__name__)
LOCK = 0x47415445  # "GATE": one validation at a time in a database
SESSION = {
    # Of a row handed from one process to another: a tenth of what the server reckons by itself, for
    # here each row costs a hundred calls of functions, which it reckons to be next to nothing.
    "parallel_tuple_cost": "0.01",
    # Enough to tell much from little, of tables that hardly outlive the run.
    "default_statistics_target": "30",
}
Settle = Callable[[Cursor, DataSet, Suite, str], int]


def validate(
    url: str,
    *,
    currency: str,
    default_time_zone: str,
    worker: Worker,
    run_id: str | None = None,
    business_date: dt.date | None = None,
    suites: Path = SUITES,
    feed: str | None = None,
    warning_examples: int = 0,
) -> QualityReport:
    """Judges all batches in status `loaded` and the open rejects that may pass by now.

    Nothing is judged where a validation in the same state has changed nothing (`settled`).

    `business_date` is that of the run, where it was given explicitly: it dates the arrival of the
    batches. `feed` adds the rules of `great_expectations/feeds/<feed>.yml`. `warning_examples`: of
    how many rows of each warning the report names the message.
    Raises QualityError where a suite is wrong or a statement fails, SettingsError where
    the time zone is not known to the server.
    """
    started = time.monotonic()
    data_sets = load_data_sets()
    rules = load_suites(suites, feed)
    whole = load_batch_rules(suites)
    connection = connect(url)
    try:
        ahead = Ahead(url, data_sets, rules, SESSION, default_time_zone)
        run = _Run(connection, url, worker, run_id, currency, default_time_zone, ahead)
        run.data_sets, run.rules = data_sets, rules
        run.warning_examples = warning_examples
        run.prepare(data_sets.values())
        settings = (currency, default_time_zone, feed)
        state = run.state(suites, settings)
        if warning_examples or not run.is_settled(state):
            worker.start()
            with run.ahead:
                run.read_ahead()
                for name, data_set in data_sets.items():
                    while run.judge(data_set, rules[name], whole.get(name, ())):
                        pass  # batches were held: the others are judged as if those had not come
            run.settle_returns()
        found = run.finish(data_sets, business_date, started)
        if run.state(suites, settings) == state:
            run.remember(state)
        return found
    except psycopg2.Error as error:
        reason = first_line(error, otherwise=type(error).__name__)
        raise QualityError(f"the validation stopped, nothing is lost: {reason}") from error
    finally:
        connection.close()


def is_settled(
    url: str,
    *,
    currency: str,
    default_time_zone: str,
    feed: str | None = None,
    suites: Path = SUITES,
) -> bool:
    """Whether `validate` would have nothing to judge now."""
    with connected(url) as connection, connection.cursor() as cursor:
        state = settled.state_of(cursor, suites, (currency, default_time_zone, feed))
        return settled.is_settled(cursor, state)


class _Run:
    """One validation: its connection, its helper, and what it found so far."""

    def __init__(
        self,
        connection: Connection,
        url: str,
        worker: Worker,
        run_id: str | None,
        currency: str,
        default_time_zone: str,
        ahead: Ahead,
    ) -> None:
        self.connection = connection
        self.ahead = ahead
        self.url = url
        self.worker = worker
        self.run_id = run_id
        self.parameters = {"currency": currency, "default_time_zone": default_time_zone}
        self.data_sets: dict[str, DataSet] = {}
        self.rules: dict[str, Suite] = {}
        self.judged: dict[str, list[int]] = {}
        self.replayed: dict[str, int] = {}
        self.warnings: Counter[tuple[str, str]] = Counter()
        self.warning_examples = 0
        self.warned_rows: list[WarnedRow] = []

    def prepare(self, data_sets: Iterable[DataSet]) -> None:
        """Waits for another validation to end; sees that all is there that look-ups read."""
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (LOCK,))
            for setting, value in SESSION.items():
                cursor.execute("select set_config(%s, %s, false)", (setting, value))
        for data_set in data_sets:
            with self.connection, self.connection.cursor() as cursor:
                known.bring_up_to_date(cursor, data_set)
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(
                "insert into judge.time_zones select name from pg_timezone_names"
                " where not exists (select from judge.time_zones) on conflict do nothing"
            )
            zone = self.parameters["default_time_zone"]
            cursor.execute(
                "select exists (select from judge.time_zones where lower(name) = lower(%s))",
                (zone,),
            )
            if cursor.fetchone() == (False,):
                raise SettingsError(
                    f"LENS_DEFAULT_TIME_ZONE is {zone!r}: use a name such as Europe/Berlin or UTC"
                )
            _write_store_zones(cursor)
            merges.write_kept(cursor)

    def state(self, suites: Path, parameters: tuple[str | None, ...]) -> str:
        """Of all that a judgement follows from (`settled`)."""
        with self.connection, self.connection.cursor() as cursor:
            return settled.state_of(cursor, suites, parameters)

    def is_settled(self, state: str) -> bool:
        """Whether judging again would change nothing."""
        with self.connection, self.connection.cursor() as cursor:
            is_settled = settled.is_settled(cursor, state)
        if is_settled:
            LOG.info("nothing to judge: all that rejected rows wait for is as it was")
        return is_settled

    def remember(self, state: str) -> None:
        """Notes that this validation has changed nothing."""
        with self.connection, self.connection.cursor() as cursor:
            settled.remember(cursor, state)

    def read_ahead(self) -> None:
        """Begins to read what there is much of."""
        with self.connection, self.connection.cursor() as cursor:
            self.ahead.look(cursor)
        self.ahead.start()

    def judge(self, data_set: DataSet, suite: Suite, whole: tuple[BatchRule, ...]) -> bool:
        """One data set, from its loaded batches to its rejects.

        Where a rule of `whole` stops batches, they alone are routed, and held; true then: all
        others are still to be judged.
        """
        started = time.monotonic()
        with self.connection, self.connection.cursor() as cursor:
            if not self._prepared(cursor, data_set, suite):
                return False
            row_by_row = suite.is_row_by_row(1)
            scratch.build_judged(cursor, data_set, self.parameters, row_by_row=row_by_row)
            failing = Failing(cursor, data_set, suite, examples=self.warning_examples)
        self._judge_phases(data_set, suite, failing, row_by_row=row_by_row)
        with self.connection, self.connection.cursor() as cursor:
            routing = Routing(cursor, data_set, suite, self.run_id, failing.warnings)
            had_accepted = batches.has_accepted(cursor, data_set.name)
            cursor.execute("savepoint judged")
            changed, replayed = routing.route()
            batches.date_batches(cursor, data_set)
            batches.recount(cursor, data_set, changed)
            findings = batch_rules.judge_batches(cursor, whole, changed)
            stopped = sorted({finding.batch_id for finding in findings if finding.stops})
            if stopped:
                cursor.execute("rollback to savepoint judged")
                self._hold(cursor, data_set, routing, findings, stopped)
                return True
            batch_rules.write_findings(cursor, data_set.name, self.run_id, findings)
            batch_rules.write_passes(cursor, self.run_id, changed)
            batch_rules.clear(cursor, changed)
            if not had_accepted and batches.has_accepted(cursor, data_set.name):
                batches.put_back(cursor, batches.REFERRING.get(data_set.name, ()))
            if data_set.name == "stores":
                _write_store_zones(cursor)
            if data_set.name == merges.DATA_SET:
                merges.write_kept(cursor)
            if data_set.name == returns.LINES:
                self._settle(cursor, returns.settle_reviewed)
            scratch.clear(cursor, data_set)
        self.judged[data_set.name] = changed
        self.replayed[data_set.name] = replayed
        self.warned_rows += failing.warned_rows
        for rule_id, rows in failing.warned().items():
            self.warnings[data_set.name, rule_id] += rows
        for finding in findings:
            if finding.fails:
                self.warnings[data_set.name, finding.rule.rule_id] += 1
        LOG.info("%s judged in %.1f s", data_set.name, time.monotonic() - started)
        return False

    def _prepared(self, cursor: Cursor, data_set: DataSet, suite: Suite) -> bool:
        """Whether there are rows to judge; they are read, here or ahead."""
        if not self.ahead.take(cursor, data_set):
            scratch.clear(cursor, data_set)
            if not scratch.has_work(cursor, data_set, suite.final_rule_ids):
                return False
            # Every look-up asks which batches count: a guess from before they came costs seconds.
            cursor.execute("analyze ops.load_batches")
            if not scratch.prepare(cursor, data_set, suite, self.parameters["default_time_zone"]):
                scratch.clear(cursor, data_set)
                return False
        scratch.use_prepared(cursor, data_set)
        return True

    def settle_returns(self) -> None:
        """Returns that name no sale and came without lines, or whose lines were not judged."""
        with self.connection, self.connection.cursor() as cursor:
            self._settle(cursor, returns.settle_new)

    def _settle(self, cursor: Cursor, settle: Settle) -> None:
        headers = self.data_sets[returns.HEADERS]
        zone = self.parameters["default_time_zone"]
        came_through = settle(cursor, headers, self.rules[returns.HEADERS], zone)
        self.replayed[returns.HEADERS] = self.replayed.get(returns.HEADERS, 0) + came_through

    def _hold(
        self,
        cursor: Cursor,
        data_set: DataSet,
        routing: Routing,
        findings: list[batch_rules.Finding],
        stopped: list[int],
    ) -> None:
        """Their rejects, duplicates and counts stand; none of their rows counts."""
        routing.route(stopped)
        batches.date_batches(cursor, data_set, stopped)
        batches.recount(cursor, data_set, stopped)
        of_stopped = [finding for finding in findings if finding.batch_id in stopped]
        batch_rules.write_findings(cursor, data_set.name, self.run_id, of_stopped)
        batch_rules.hold(cursor, of_stopped)
        scratch.clear(cursor, data_set)

    def _judge_phases(
        self, data_set: DataSet, suite: Suite, failing: Failing, *, row_by_row: bool
    ) -> None:
        """Each phase sees what the ones before let pass; its table is committed for the helper."""
        for phase in scratch.TABLES:
            rules = suite.of_phase(phase)
            with self.connection, self.connection.cursor() as cursor:
                if not rules or not scratch.build_phase(cursor, data_set, phase, self.parameters):
                    continue
            asked = scratch.table_of(data_set, phase)
            if phase == 1 and row_by_row:
                asked = scratch.shape_of(data_set)
            answer: dict[str, Any] = self.worker.call(
                url=self.url,
                table=asked,
                expectations=[
                    {
                        "number": rule.number,
                        "where": rule.where,
                        "type": rule.type,
                        "kwargs": rule.kwargs,
                    }
                    for rule in rules
                ],
            )
            with self.connection, self.connection.cursor() as cursor:
                failing.cursor = cursor
                failing.collect(phase, answer["results"], asked=asked)

    def finish(
        self, data_sets: dict[str, DataSet], business_date: dt.date | None, started: float
    ) -> QualityReport:
        """Dates of arrival, repeated versions (which depend on them), and the report."""
        with self.connection, self.connection.cursor() as cursor:
            dated = batches.mark_arrival(cursor, business_date)
            for name, data_set in data_sets.items():
                if data_set.delivery != "versions":
                    continue
                if dated[name]:
                    known.date_versions(cursor, data_set, dated[name])
                pending = batches.unfinished(cursor, name)
                if pending:
                    looked_at = versions.mark_repeated(cursor, data_set, pending)
                    batches.recount(cursor, data_set, looked_at)
            batches.finish(cursor)
            merges.record_merges(cursor)
            batches.recount_flat_files(cursor)
            found = QualityReport(
                data_sets={
                    name: report.counts_of(cursor, ids, self.replayed[name])
                    for name, ids in self.judged.items()
                },
                rejected={
                    (name, rule_id): rows
                    for name, ids in self.judged.items()
                    for rule_id, rows in report.rejected_by_rule(cursor, name, ids).items()
                },
                warnings=dict(self.warnings),
                notes=(
                    *report.notes(cursor),
                    *setting_hints(cursor, {id for ids in self.judged.values() for id in ids}),
                ),
                held=tuple(batch_rules.held(cursor)),
                warned_rows=tuple(self.warned_rows),
                seconds=time.monotonic() - started,
            )
        with self.connection, self.connection.cursor() as cursor:
            for name in self.judged:
                cursor.execute(
                    sql.SQL("analyze reject.{} (_batch_id, _row_number, status, rule_ids)").format(
                        sql.Identifier(name)
                    )
                )
            if self.judged:
                cursor.execute("analyze ops.duplicates, ops.load_batches, ops.validation_results")
        for _, told in found.held:
            LOG.warning("%s", told)
        for name, counts in found.data_sets.items():
            LOG.info(
                "%s: %s rows judged, %s accepted, %s rejected, %s duplicates, %s replayed",
                name,
                *(f"{value:,}" for value in vars(counts).values()),
            )
        return found


def _write_store_zones(cursor: Cursor) -> None:
    """Accepted stores with the time zone of their newest version, where the server knows it."""
    cursor.execute("truncate judge.store_zones")
    cursor.execute(
        """
        insert into judge.store_zones
        select distinct on (stores.store_id)
            stores.store_id,
            time_zones.name as time_zone
        from judge.live_stores as stores
        left join judge.time_zones on lower(stores.time_zone) = lower(time_zones.name)
        where not stores._is_rejected and stores.store_id is not null
        order by
            stores.store_id, stores._version_at desc, stores._batch_id desc, stores._row_number desc
        """
    )
