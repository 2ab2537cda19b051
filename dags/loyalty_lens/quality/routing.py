"""Failing rows to `reject`, and what the judgement of a data set leaves: all by SQL.

`Routing` collects, rule by rule, who failed (from the query of Great Expectations), then moves the
rows and writes results and counts in the transaction of its caller.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import QualityError, first_line
from loyalty_lens.quality import known
from loyalty_lens.quality.scratch import rows_read, table_of
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


class Routing:
    """One judgement of one data set; `cursor` is of the session that built the scratch tables.

    `examples`: for how many rows of each warning to keep the message, in `warned_rows`.
    """

    def __init__(
        self,
        cursor: Cursor,
        data_set: DataSet,
        suite: Suite,
        run_id: str | None,
        *,
        examples: int = 0,
    ) -> None:
        self.cursor = cursor
        self.data_set = data_set
        self.suite = suite
        self.run_id = run_id
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

    def route(self, only: list[int] | None = None) -> tuple[list[int], int]:
        """Moves rows and writes results; the batches whose counts changed, and rows replayed.

        `only`: of these batches alone, nothing is replayed. The caller's transaction makes it one:
        until it commits the batches stay `loaded`.
        """
        batches = self._loaded_batches() if only is None else only
        self._forget(batches)
        replayed = self._replay() if only is None else []
        self._insert_rejects(batches)
        self.cursor.execute(
            "insert into ops.duplicates (data_set, _batch_id, _row_number, original_batch_id,"
            " original_row_number) select %s, repeated.* from judge.repeated as repeated"
            " where %s::bigint[] is null or repeated._batch_id = any(%s)",
            (self.data_set.name, only, only),
        )
        self._write_results(batches)
        known.remember(self.cursor, self.data_set, rows_read(self.data_set), batches)
        self.cursor.execute(
            "update ops.load_batches set status = 'validated', validated_at = null"
            " where batch_id = any(%s)",
            (batches,),
        )
        return sorted({*batches, *replayed}), len(replayed)

    def warned(self) -> Counter[str]:
        """Rows per warning of this judgement."""
        counts: Counter[str] = Counter()
        for rule in self.suite.rules:
            counts[rule.rule_id] += sum(self.warnings.get(rule.number, {}).values())
        return +counts

    def _loaded_batches(self) -> list[int]:
        self.cursor.execute(
            "select batch_id from ops.load_batches where data_set = %s and status = 'loaded'"
            " order by batch_id for update",
            (self.data_set.name,),
        )
        return [batch for (batch,) in self.cursor.fetchall()]

    def _forget(self, batches: list[int]) -> None:
        self.cursor.execute(
            sql.SQL(
                "delete from reject.{} where _batch_id = any(%s) and status in ('open', 'replayed')"
            ).format(sql.Identifier(self.data_set.name)),
            (batches,),
        )
        self.cursor.execute(
            "delete from ops.duplicates where data_set = %s and _batch_id = any(%s)",
            (self.data_set.name, batches),
        )

    def _rejected(self) -> sql.Composable:
        rules = sql.SQL(", ").join(
            sql.SQL("({}, {}, {})").format(
                *map(sql.Literal, (rule.number, rule.rule_id, rule.column))
            )
            for rule in self.suite.rules
        )
        return sql.SQL(
            """
            select
                failures._batch_id,
                failures._row_number,
                array_agg(distinct rules.rule_id order by rules.rule_id) as rule_ids,
                jsonb_agg(
                    jsonb_build_object(
                        'rule_id', rules.rule_id,
                        'column', rules.column_name,
                        'message', failures.message
                    )
                    order by failures.number
                ) as errors
            from judge.failures as failures
            inner join (values {rules}) as rules (number, rule_id, column_name)
                on failures.number = rules.number
            group by failures._batch_id, failures._row_number
            """
        ).format(rules=rules)

    def _insert_rejects(self, batches: list[int]) -> None:
        if not self.suite.rules:
            return
        columns = ["_batch_id", "_row_number", "_extra", "_loaded_at", *self.data_set.column_names]
        self.cursor.execute(
            sql.SQL(
                "insert into {reject} ({names}, rule_ids, errors)"
                " select {columns}, rejected.rule_ids, rejected.errors"
                " from {raw} as delivered inner join ({rejected}) as rejected"
                " using (_batch_id, _row_number) where delivered._batch_id = any({batches})"
            ).format(
                reject=sql.Identifier("reject", self.data_set.name),
                raw=sql.Identifier("raw", self.data_set.name),
                names=sql.SQL(", ").join(map(sql.Identifier, columns)),
                columns=sql.SQL(", ").join(sql.Identifier("delivered", name) for name in columns),
                rejected=self._rejected(),
                batches=sql.Literal(batches),
            )
        )

    def _replay(self) -> list[int]:
        """Open rejects judged again: what passes now turns `replayed`, the rest says why not."""
        self.cursor.execute(
            sql.SQL(
                "select exists (select from {} where status = 'open' and not rule_ids && %s)"
            ).format(sql.Identifier("reject", self.data_set.name)),
            (self.suite.final_rule_ids,),
        )
        if self.cursor.fetchone() == (False,):
            return []
        names = {
            "reject": sql.Identifier("reject", self.data_set.name),
            "judged": sql.Identifier("judge", self.data_set.name),
            "rejected": self._rejected(),
        }
        self.cursor.execute(
            sql.SQL(
                "update {reject} as open set rule_ids = rejected.rule_ids, errors = rejected.errors"
                " from ({rejected}) as rejected inner join {judged} as judged"
                " using (_batch_id, _row_number)"
                " where judged._is_replay and open._batch_id = rejected._batch_id"
                " and open._row_number = rejected._row_number and open.errors <> rejected.errors"
            ).format(**names)
        )
        self.cursor.execute(
            sql.SQL(
                "update {reject} as open set status = 'replayed', resolved_at = clock_timestamp()"
                " from (select judged._batch_id, judged._row_number from {judged} as judged"
                " where judged._is_replay union all"
                " select repeated._batch_id, repeated._row_number"
                " from judge.repeated as repeated) as judged"
                " where open._batch_id = judged._batch_id and open._row_number = judged._row_number"
                " and open.status = 'open' and not exists (select from judge.failures as failures"
                " where failures._batch_id = open._batch_id"
                " and failures._row_number = open._row_number)"
                " returning open._batch_id"
            ).format(**names)
        )
        return [batch for (batch,) in self.cursor.fetchall()]

    def _write_results(self, batches: list[int]) -> None:
        """One row per batch, rule and column, also where nothing failed."""
        if not batches or not self.suite.rules:
            return
        rules = sql.SQL(", ").join(
            sql.SQL("({})").format(
                sql.SQL(", ").join(
                    map(
                        sql.Literal,
                        (rule.number, rule.rule_id, rule.column, rule.dimension, rule.severity),
                    )
                )
            )
            for rule in self.suite.rules
        )
        warned = [
            (number, batch, rows)
            for number, counts in self.warnings.items()
            for batch, rows in counts.items()
        ]
        self.cursor.execute(
            sql.SQL(
                """
                insert into ops.validation_results (
                    run_id, batch_id, data_set, rule_id, column_name, dimension, severity,
                    rows_evaluated, rows_failed
                )
                with rules (number, rule_id, column_name, dimension, severity) as (values {rules}),
                warned (number, _batch_id, failed) as (
                    select *
                    from unnest({numbers}::int[], {warned_batches}::bigint[], {rows}::bigint[])
                ),
                failed as (
                    select failures.number, failures._batch_id, count(*) as failed
                    from judge.failures as failures group by failures.number, failures._batch_id
                    union all
                    select warned.number, warned._batch_id, warned.failed from warned
                ),
                evaluated as (
                    select judged._batch_id, count(*) as evaluated
                    from {judged} as judged where not judged._is_replay group by judged._batch_id
                )
                select
                    {run_id}, batch_id, {data_set}, rules.rule_id, rules.column_name,
                    rules.dimension, rules.severity,
                    coalesce(max(evaluated.evaluated), 0), coalesce(sum(failed.failed), 0)
                from unnest({batches}::bigint[]) as batch_id
                cross join rules
                left join evaluated on batch_id = evaluated._batch_id
                left join failed on batch_id = failed._batch_id and rules.number = failed.number
                group by batch_id, rules.rule_id, rules.column_name, rules.dimension, rules.severity
                """
            ).format(
                rules=rules,
                numbers=sql.Literal([number for number, _, _ in warned]),
                warned_batches=sql.Literal([batch for _, batch, _ in warned]),
                rows=sql.Literal([rows for _, _, rows in warned]),
                judged=sql.Identifier("judge", self.data_set.name),
                run_id=sql.Literal(self.run_id),
                data_set=sql.Literal(self.data_set.name),
                batches=sql.Literal(batches),
            )
        )


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
