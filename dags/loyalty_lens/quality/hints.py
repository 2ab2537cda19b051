"""Where much of a file does not fit: is its date order or decimal mark set wrong?"""

from collections.abc import Iterable

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import load_data_sets

SETTINGS = {"date": "date_order", "timestamp": "date_order", "number": "decimal_mark"}
# Columns of which at least a tenth of the rows is unfit, by the newest judgement of the batch.
SUSPECTS = """
select distinct results.batch_id, results.data_set, results.column_name
from (
    select
        *,
        rank() over (
            partition by batch_id, rule_id, column_name order by validated_at desc
        ) as recency
    from ops.validation_results
    where batch_id = any(%s) and dimension = 'validity'
) as results
where results.recency = 1 and results.rows_failed * 10 >= results.rows_evaluated
and results.rows_failed > 0
order by results.batch_id, results.column_name
"""


def setting_hints(cursor: Cursor, batches: Iterable[int]) -> list[str]:
    """One line for each column that the other setting of datasets.yml would read."""
    data_sets = load_data_sets()
    cursor.execute(SUSPECTS, (list(batches),))
    hints = []
    for batch_id, name, column in cursor.fetchall():
        types = {known.name: known.type for known in data_sets[name].columns}
        setting = SETTINGS.get(types.get(column, ""))
        if setting and (hint := _hint(cursor, batch_id, name, column, types[column], setting)):
            hints.append(hint)
    return hints


def _hint(
    cursor: Cursor, batch_id: int, name: str, column: str, kind: str, setting: str
) -> str | None:
    one, other = ("day_first", "month_first") if setting == "date_order" else (".", ",")
    cursor.execute(
        sql.SQL(
            """
            select
                batches.source_file,
                coalesce(flat.data_set, batches.data_set),
                batches.{setting},
                count(ops.read_text(rows.{column})),
                count({read}(rows.{column}, {one})),
                count({read}(rows.{column}, {other}))
            from raw.{table} as rows
            inner join ops.load_batches as batches on rows._batch_id = batches.batch_id
            left join ops.load_batches as flat on batches.derived_from = flat.batch_id
            where rows._batch_id = %s
            group by 1, 2, 3
            """
        ).format(
            setting=sql.Identifier(setting),
            column=sql.Identifier(column),
            read=sql.Identifier("ops", f"read_{kind}"),
            one=sql.Literal(one),
            other=sql.Literal(other),
            table=sql.Identifier(name),
        ),
        (batch_id,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    file, data_set, present, filled, first, second = row
    fits, others = (first, second) if present == one else (second, first)
    if others <= fits or others * 20 < filled * 19:
        return None
    better = other if present == one else one
    value = f'"{better}"' if setting == "decimal_mark" else better
    return (
        f"{file}: {filled - fits:,} of {filled:,} values of {column} do not fit"
        f" {setting} {present}, but {others:,} fit {better}:"
        f" say {setting}: {value} for {data_set} in datasets.yml"
    )
