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

    def collect(self, phase: int, results: Iterable[dict[str, Any]], *, asked: str) -> None:
        """Takes the answer of Great Expectations about the table `asked` for a phase.

        That is the table judged itself, or one of its shape without rows: then any of its rows may
        fail. All queries of failing rows become one, which reads the table once; where that does
        not work they are asked one by one, and the rule that is to blame is named.
        """
        rules = {rule.number: rule for rule in self.suite.of_phase(phase)}
        table = sql.Identifier("judge", table_of(self.data_set, phase))
        is_judged = asked == table_of(self.data_set, phase)
        together: list[tuple[Rule, sql.Composable]] = []
        alone: list[tuple[Rule, sql.Composable]] = []
        for result in results:
            if result["holds"] and is_judged:
                continue
            rule, query = rules[result["number"]], str(result["query"])
            condition = condition_of(query, asked)
            if condition:
                together.append((rule, sql.SQL(condition)))
            elif is_judged:
                alone.append((rule, sql.SQL(query)))
            else:
                raise QualityError(f"{rule.where}: its rows cannot be named by {query}")
        self.cursor.execute("savepoint together")
        try:
            self._collect_together(table, together)
        except psycopg2.Error:
            self.cursor.execute("rollback to savepoint together")
            alone += [
                (rule, sql.SQL("select * from {} where {}").format(table, condition))
                for rule, condition in together
            ]
        for rule, rows in alone:
            self._collect(phase, rule, rows)
        self.cursor.execute("analyze judge.failures")

    def _collect_together(
        self, table: sql.Identifier, conditions: Sequence[tuple[Rule, sql.Composable]]
    ) -> None:
        if not conditions:
            return
        # Only a query that makes a table is planned in parallel. "offset": each fact is worked out
        # once a row, not once a rule.
        self.cursor.execute(
            sql.SQL(
                "create temporary table failing on commit drop as"
                " select failing._batch_id, failing._row_number, failing.number,"
                " case failing.number {messages} end as message"
                " from (select judged.*, unnest(array_remove(array[{numbers}], null)) as number"
                " from (select * from {table} offset '0') as judged where {any}) as failing"
            ).format(
                table=table,
                any=sql.SQL(" or ").join(condition for _, condition in conditions),
                numbers=sql.SQL(", ").join(
                    sql.SQL("case when {} then {} end").format(condition, sql.Literal(rule.number))
                    for rule, condition in conditions
                ),
                messages=sql.SQL(" ").join(
                    sql.SQL("when {} then {}").format(
                        sql.Literal(rule.number),
                        _message(rule, value_of="failing", others_of="failing")
                        if rule.severity == "reject" or self.examples
                        else sql.SQL("null"),
                    )
                    for rule, _ in conditions
                ),
            )
        )
        rejecting = [rule.number for rule, _ in conditions if rule.severity == "reject"]
        self.cursor.execute(
            "insert into judge.failures select * from failing where number = any(%s)", (rejecting,)
        )
        self._count(sql.SQL("select * from failing"), excluding=rejecting)
        for rule, _ in conditions if self.examples else []:
            if rule.severity != "reject":
                self._keep_examples(
                    rule,
                    sql.SQL("select * from failing where number = {}").format(
                        sql.Literal(rule.number)
                    ),
                )
        self.cursor.execute("drop table failing")

    def _collect(self, phase: int, rule: Rule, rows: sql.Composable) -> None:
        """One rule alone; `rows` are those that fail it. Raises QualityError naming the rule."""
        try:
            failing = self._failing(phase, rule, rows)
            if rule.severity == "reject":
                self.cursor.execute(sql.SQL("insert into judge.failures {}").format(failing))
                return
            self._count(failing)
            if self.examples:
                self._keep_examples(rule, failing)
        except psycopg2.Error as error:
            reason = first_line(error)
            raise QualityError(f"{rule.where}: its rows cannot be named: {reason}") from error

    def _count(self, failing: sql.Composable, *, excluding: Sequence[int] = ()) -> None:
        """Counts failing rows as warnings, by rule and batch; rows judged again count no more."""
        self.cursor.execute(
            sql.SQL(
                "select failing.number, failing._batch_id, count(*) from ({}) as failing"
                " inner join ops.load_batches as batches"
                " on failing._batch_id = batches.batch_id and batches.status = 'loaded'"
                " where failing.number <> all({}::integer[])"
                " group by failing.number, failing._batch_id"
            ).format(failing, sql.Literal(list(excluding)))
        )
        for number, batch, rows in self.cursor.fetchall():
            self.warnings.setdefault(number, {})[batch] = rows

    def _keep_examples(self, rule: Rule, failing: sql.Composable) -> None:
        self.cursor.execute(
            sql.SQL(
                "select failing._batch_id, failing._row_number, failing.message"
                " from ({}) as failing inner join ops.load_batches as batches"
                " on failing._batch_id = batches.batch_id and batches.status = 'loaded'"
                " order by failing._batch_id, failing._row_number limit %s"
            ).format(failing),
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
            message=_message(rule, value_of="failing", others_of="judged"),
            query=query,
            joined=joined,
        )

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


def _message(rule: Rule, *, value_of: str, others_of: str) -> sql.Composable:
    """The rule's message; its columns are those of the two relations named."""
    parts: list[sql.Composable] = []
    for place, text in enumerate(PLACEHOLDER.split(rule.message)):
        if place % 2 == 0:
            parts.append(sql.Literal(text))
            continue
        column = (value_of, rule.judged_column) if text == "value" else (others_of, text)
        parts.append(sql.SQL("coalesce(cast({} as text), '')").format(sql.Identifier(*column)))
    return sql.SQL(" || ").join(parts)
