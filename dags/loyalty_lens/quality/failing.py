"""Who failed which rule: the answers of Great Expectations, asked of the judged rows by SQL."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import QualityError, first_line
from loyalty_lens.quality.scratch import table_of
from loyalty_lens.quality.suites import Rule, Suite

# What Great Expectations asks for failing rows: columns of one table, and a condition on them.
QUERY = re.compile(
    r"SELECT [\w\", ]+?\s+FROM (?P<table>[\w.\"]+)\s+WHERE (?P<condition>.+)", re.DOTALL
)
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class WarnedRow(NamedTuple):
    """A row that is kept with a warning."""

    data_set: str
    rule_id: str
    column: str
    batch_id: int
    row_number: int
    message: str


class Failing:
    """What a judgement of a data set finds; `cursor` is of the transaction at hand.

    Rows that fail a rejecting rule go to `judge.failures`, those that fail a warning are counted in
    `warnings` (by the rule's number and the batch). `examples`: for how many rows of each warning
    to keep the message, in `warned_rows`.
    """

    def __init__(
        self, cursor: Cursor, data_set: DataSet, suite: Suite, *, examples: int = 0
    ) -> None:
        self.cursor = cursor
        self.data_set = data_set
        self.suite = suite
        self.warnings: dict[int, dict[int, int]] = {}
        self.examples = examples
        self.warned_rows: list[WarnedRow] = []
        cursor.execute(
            "create unlogged table judge.failures (_batch_id bigint, _row_number bigint,"
            " number integer, message text)"
        )

    def collect(self, phase: int, results: Iterable[dict[str, Any]]) -> None:
        """Takes the answer of Great Expectations for a phase: who failed, or how many per batch.

        Its queries of failing rows become one, which reads the table once; where that does not
        work they are asked one by one, and the rule that is to blame is named.
        """
        rules = {rule.number: rule for rule in self.suite.of_phase(phase)}
        failed = [
            (rules[result["number"]], str(result["query"]))
            for result in results
            if not result["holds"]
        ]
        table = sql.Identifier("judge", table_of(self.data_set, phase))
        together = [
            (rule, sql.SQL(condition))
            for rule, query in failed
            if (condition := condition_of(query, table_of(self.data_set, phase)))
        ]
        self.cursor.execute("savepoint together")
        try:
            self._collect_together(table, together)
        except psycopg2.Error:
            self.cursor.execute("rollback to savepoint together")
            together = []
        for rule, query in failed:
            if rule in (rule for rule, _ in together):
                continue
            try:
                if rule.severity == "reject":
                    failing = self._failing(phase, rule, sql.SQL(query))
                    self.cursor.execute(sql.SQL("insert into judge.failures {}").format(failing))
                else:
                    self.warnings[rule.number] = self._count(sql.SQL(query))
            except psycopg2.Error as error:
                reason = first_line(error)
                raise QualityError(f"{rule.where}: its rows cannot be named: {reason}") from error
        for rule, query in failed if self.examples else []:
            if rule.severity != "reject":
                self._keep_examples(phase, rule, sql.SQL(query))
        self.cursor.execute("analyze judge.failures")

    def _collect_together(
        self, table: sql.Identifier, failed: Sequence[tuple[Rule, sql.Composable]]
    ) -> None:
        rejecting = [(rule, failing) for rule, failing in failed if rule.severity == "reject"]
        if rejecting:
            # Only a query that makes a table is planned in parallel.
            self.cursor.execute(
                sql.SQL(
                    "create temporary table failing on commit drop as"
                    " select judged._batch_id, judged._row_number, checks.number, checks.message"
                    " from (select * from {table} where {any}) as judged cross join lateral"
                    " (values {checks}) as checks (number, is_failed, message)"
                    " where checks.is_failed;"
                    " insert into judge.failures select * from failing;"
                    " drop table failing"
                ).format(
                    table=table,
                    any=_any(failing for _, failing in rejecting),
                    checks=sql.SQL(", ").join(
                        sql.SQL("({}, {}, {})").format(
                            sql.Literal(rule.number), failing, _message(rule, "judged")
                        )
                        for rule, failing in rejecting
                    ),
                )
            )
        warning = [(rule, failing) for rule, failing in failed if rule.severity != "reject"]
        if warning:
            self.cursor.execute(
                sql.SQL(
                    "select judged._batch_id, {counts} from {table} as judged"
                    " inner join ops.load_batches as batches"
                    " on judged._batch_id = batches.batch_id and batches.status = 'loaded'"
                    " where {any} group by judged._batch_id"
                ).format(
                    table=table,
                    any=_any(failing for _, failing in warning),
                    counts=sql.SQL(", ").join(
                        sql.SQL("count(*) filter (where {})").format(failing)
                        for _, failing in warning
                    ),
                )
            )
            for batch, *counts in self.cursor.fetchall():
                for (rule, _), count in zip(warning, counts, strict=True):
                    if count:
                        self.warnings.setdefault(rule.number, {})[batch] = count

    def _keep_examples(self, phase: int, rule: Rule, query: sql.Composable) -> None:
        self.cursor.execute(
            sql.SQL(
                "select failing._batch_id, failing._row_number, failing.message"
                " from ({}) as failing inner join ops.load_batches as batches"
                " on failing._batch_id = batches.batch_id and batches.status = 'loaded'"
                " order by failing._batch_id, failing._row_number limit %s"
            ).format(self._failing(phase, rule, query)),
            (self.examples,),
        )
        where = (self.data_set.name, rule.rule_id, rule.column)
        self.warned_rows += [WarnedRow(*where, *row) for row in self.cursor.fetchall()]

    def _failing(self, phase: int, rule: Rule, query: sql.Composable) -> sql.Composable:
        """The rows that fail the rule, each with its number and message."""
        names = set(PLACEHOLDER.findall(rule.message)) - {"value"}
        joined = (
            sql.SQL("inner join {} as judged using (_batch_id, _row_number)").format(
                sql.Identifier("judge", table_of(self.data_set, phase))
            )
            if names
            else sql.SQL("")
        )
        return sql.SQL(
            "select distinct failing._batch_id, failing._row_number,"
            " cast({number} as integer) as number, {message} as message"
            " from ({query}) as failing {joined}"
        ).format(
            number=sql.Literal(rule.number),
            message=_message(rule, "failing"),
            query=query,
            joined=joined,
        )

    def _count(self, query: sql.Composable) -> dict[int, int]:
        self.cursor.execute(
            sql.SQL(
                "select failing._batch_id, count(*) from ({}) as failing"
                " inner join ops.load_batches as batches"
                " on failing._batch_id = batches.batch_id and batches.status = 'loaded'"
                " group by failing._batch_id"
            ).format(query)
        )
        return dict(self.cursor.fetchall())

    def warned(self) -> Counter[str]:
        """Rows per warning of this judgement."""
        counts: Counter[str] = Counter()
        for rule in self.suite.rules:
            counts[rule.rule_id] += sum(self.warnings.get(rule.number, {}).values())
        return +counts


def condition_of(query: str, table: str) -> str | None:
    """What a query of failing rows asks of the table judged; None where it asks more than that."""
    found = QUERY.fullmatch(query.strip())
    if found is None or found["table"].replace('"', "") != f"judge.{table}":
        return None
    return f"({found['condition']})"


def _any(conditions: Iterable[sql.Composable]) -> sql.Composable:
    return sql.SQL(" or ").join(conditions)


def _message(rule: Rule, judged_value: str) -> sql.Composable:
    parts: list[sql.Composable] = []
    for place, text in enumerate(PLACEHOLDER.split(rule.message)):
        if place % 2 == 0:
            parts.append(sql.Literal(text))
            continue
        column = (judged_value, rule.judged_column) if text == "value" else ("judged", text)
        parts.append(sql.SQL("coalesce(cast({} as text), '')").format(sql.Identifier(*column)))
    return sql.SQL(" || ").join(parts)
