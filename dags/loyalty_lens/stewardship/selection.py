"""Which rejects are meant: a data set, perhaps one rule, batch or row of it, and a status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet, load_data_sets
from loyalty_lens.errors import StewardshipError

STATUSES = ("open", "replayed", "superseded", "waived")


@dataclass(frozen=True)
class Selection:
    """Rejects of batches that live; a held batch is decided upon as a whole (`lens release`)."""

    data_set: DataSet
    rule_id: str | None = None
    batch_id: int | None = None
    row_number: int | None = None
    status: str | None = "open"  # None: any

    @property
    def source(self) -> sql.Composable:
        """`from` and `where`: the rejects are `rejected`, their batches `batches`."""
        conditions: list[sql.Composable] = [sql.SQL("batches.status in ('loaded', 'validated')")]
        for expression, value in (
            ("rejected.status = {}", self.status),
            ("{} = any(rejected.rule_ids)", self.rule_id),
            ("rejected._batch_id = {}", self.batch_id),
            ("rejected._row_number = {}", self.row_number),
        ):
            if value is not None:
                conditions.append(sql.SQL(expression).format(sql.Literal(value)))
        return sql.SQL(
            " from {} as rejected inner join ops.load_batches as batches"
            " on rejected._batch_id = batches.batch_id where {} "
        ).format(sql.Identifier("reject", self.data_set.name), sql.SQL(" and ").join(conditions))


@dataclass(frozen=True)
class RejectedRow:
    """A reject as it is listed."""

    batch_id: int
    row_number: int
    key: str
    rule_ids: tuple[str, ...]
    messages: tuple[str, ...]
    source_file: str


def named_data_set(name: str) -> DataSet:
    """The data set of that name; StewardshipError names the ones there are."""
    data_sets = load_data_sets()
    if name not in data_sets:
        raise StewardshipError(f"there is no data set {name!r}; use one of {', '.join(data_sets)}")
    return data_sets[name]


def counted(
    cursor: Cursor, data_sets: Mapping[str, DataSet], rule_id: str | None, status: str | None
) -> Iterator[tuple[str, str, str, int]]:
    """(data set, rule, status, rows) of all rejects; a row counts under each rule it failed."""
    for name, data_set in data_sets.items():
        cursor.execute(
            sql.SQL(
                "select failed.rule_id, rejected.status, count(*) {} and {} group by 1, 2"
                " order by 3 desc, 1, 2"
            ).format(
                _with_rules(Selection(data_set, status=status).source),
                sql.SQL("true")
                if rule_id is None
                else sql.SQL("failed.rule_id = {}").format(sql.Literal(rule_id)),
            )
        )
        yield from ((name, *row) for row in cursor.fetchall())


def _with_rules(source: sql.Composable) -> sql.Composable:
    return sql.SQL(
        " from (select rejected.rule_ids, rejected.status {}) as rejected"
        " cross join unnest(rejected.rule_ids) as failed (rule_id) where true"
    ).format(source)


def listed(cursor: Cursor, selection: Selection, limit: int) -> tuple[int, tuple[RejectedRow, ...]]:
    """How many rejects there are, and the first `limit` of them by batch and row number."""
    cursor.execute(sql.SQL("select count(*) {}").format(selection.source))
    (count,) = cursor.fetchone() or (0,)
    key = sql.SQL(", ").join(
        sql.SQL("rejected.{}").format(sql.Identifier(name)) for name in selection.data_set.key
    )
    cursor.execute(
        sql.SQL(
            "select rejected._batch_id, rejected._row_number, concat_ws(' / ', {key}),"
            " rejected.rule_ids, (select array_agg(error ->> 'message')"
            " from jsonb_array_elements(rejected.errors) as error), batches.source_file {source}"
            " order by rejected._batch_id, rejected._row_number limit {limit}"
        ).format(key=key, source=selection.source, limit=sql.Literal(limit))
    )
    return int(count), tuple(
        RejectedRow(batch, row, key, tuple(rules), tuple(messages), file)
        for batch, row, key, rules, messages, file in cursor.fetchall()
    )
