"""Failing rows to `reject`, and what the judgement of a data set leaves: all by SQL.

`Routing` moves the rows that `failing.Failing` found, and writes results and counts, in the
transaction of its caller.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import known
from loyalty_lens.quality.scratch import rows_read
from loyalty_lens.quality.suites import Suite


class Routing:
    """One judgement of one data set; `warnings`: rows by the rule's number and the batch."""

    def __init__(
        self,
        cursor: Cursor,
        data_set: DataSet,
        suite: Suite,
        run_id: str | None,
        warnings: dict[int, dict[int, int]],
    ) -> None:
        self.cursor = cursor
        self.data_set = data_set
        self.suite = suite
        self.run_id = run_id
        self.warnings = warnings

    def route(self, only: list[int] | None = None) -> tuple[list[int], int]:
        """Moves rows and writes results; the batches whose counts changed, and rows replayed.

        `only`: of these batches alone, nothing is replayed. The caller's transaction makes it one:
        until it commits the batches stay `loaded`.
        """
        batches = self._loaded_batches() if only is None else only
        self._forget(batches)
        replayed = self._replay() if only is None else []
        self._insert_rejects(batches)
        turned_down = self._turn_down() if only is None else []
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
        return sorted({*batches, *replayed, *turned_down}), len(replayed)

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

    def _turn_down(self) -> list[int]:
        """Rows that were accepted before, judged again beside new ones (lines of returns), fail."""
        self.cursor.execute(
            sql.SQL(
                "select coalesce(array_agg(distinct failures._batch_id), '{{}}')"
                " from judge.failures as failures where failures.number = any(%s)"
                " and not exists (select from {rows} as judged"
                " where judged._batch_id = failures._batch_id"
                " and judged._row_number = failures._row_number)"
            ).format(rows=rows_read(self.data_set)),
            ([rule.number for rule in self.suite.of_phase(2)],),
        )
        (batches,) = self.cursor.fetchone() or ([],)
        if not batches:
            return []
        columns = ["_batch_id", "_row_number", "_extra", "_loaded_at", *self.data_set.column_names]
        self.cursor.execute(
            sql.SQL(
                "insert into {reject} as rejects ({names}, rule_ids, errors)"
                " select {columns}, rejected.rule_ids, rejected.errors"
                " from {raw} as delivered inner join ({rejected}) as rejected"
                " using (_batch_id, _row_number) where delivered._batch_id = any({batches})"
                " and not exists (select from {rows} as judged"
                " where judged._batch_id = rejected._batch_id"
                " and judged._row_number = rejected._row_number)"
                " on conflict (_batch_id, _row_number) do update set status = 'open',"
                " rule_ids = excluded.rule_ids, errors = excluded.errors,"
                " rejected_at = clock_timestamp(), resolved_at = null"
                " where rejects.status = 'replayed' returning rejects._batch_id"
            ).format(
                reject=sql.Identifier("reject", self.data_set.name),
                raw=sql.Identifier("raw", self.data_set.name),
                rows=rows_read(self.data_set),
                batches=sql.Literal(batches),
                names=sql.SQL(", ").join(map(sql.Identifier, columns)),
                columns=sql.SQL(", ").join(sql.Identifier("delivered", name) for name in columns),
                rejected=self._rejected(),
            )
        )
        return [batch for (batch,) in self.cursor.fetchall()]

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
            "rows": rows_read(self.data_set),
            "rejected": self._rejected(),
        }
        self.cursor.execute(
            sql.SQL(
                "update {reject} as open set rule_ids = rejected.rule_ids, errors = rejected.errors"
                " from ({rejected}) as rejected inner join {rows} as judged"
                " using (_batch_id, _row_number)"
                " where judged._is_replay and open._batch_id = rejected._batch_id"
                " and open._row_number = rejected._row_number and open.errors <> rejected.errors"
            ).format(**names)
        )
        self.cursor.execute(
            sql.SQL(
                "update {reject} as open set status = 'replayed', resolved_at = clock_timestamp()"
                " from {rows} as judged where judged._is_replay"
                " and open._batch_id = judged._batch_id and open._row_number = judged._row_number"
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
                    select judged._batch_id, sum(judged.evaluated) as evaluated
                    from (
                        select rows_read._batch_id, count(*) as evaluated
                        from {rows_read} as rows_read
                        where not rows_read._is_replay group by rows_read._batch_id
                        union all
                        select repeated._batch_id, -count(*) as evaluated
                        from judge.repeated as repeated group by repeated._batch_id
                    ) as judged
                    group by judged._batch_id
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
                rows_read=rows_read(self.data_set),
                run_id=sql.Literal(self.run_id),
                data_set=sql.Literal(self.data_set.name),
                batches=sql.Literal(batches),
            )
        )
