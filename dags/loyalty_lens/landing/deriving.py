"""A flat file that lies in raw becomes batches of the data sets that its split entry feeds.

One scratch table holds the file's records with the transaction that each belongs to; every data set
is then filled by one statement. `_row_number` of a derived row is the record that it was made from,
or the first of its transaction.
"""

from collections.abc import Sequence

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing.beforehand import Beforehand
from loyalty_lens.landing.content import ContentError
from loyalty_lens.landing.header import Layout
from loyalty_lens.landing.making import Maker
from loyalty_lens.splits import Feed, Source, Split

GROUP = sql.SQL("records._made, records._alone, records._is_return")


def derive(cursor: Cursor, split: Split, layout: Layout, batch_id: int) -> list[str]:
    """Makes the batches of every data set fed by the flat file's batch; what there is to tell.

    Raises ContentError where the file lacks what a data set needs. The caller's transaction.
    """
    feeds = [feed for feed in split.feeds if set(feed.needs) <= set(layout.columns)]
    _check(feeds, layout)
    maker = Maker(split, layout.columns)
    cursor.execute(
        sql.SQL(
            """
            create temporary table split_records on commit drop as
            with delivered as (
                select
                    rows._row_number,
                    {columns},
                    {transaction} collate "C" as _made,
                    {is_return} as _is_return
                from raw.{table} as rows where rows._batch_id = %s
            ),
            grouped as (
                select
                    delivered.*,
                    case when delivered._made is null then delivered._row_number end as _alone
                from delivered
            )
            select
                records.*,
                records._made
                || case
                    when
                        records._is_return
                        and not bool_and(records._is_return) over receipt
                        then '-R'
                    else ''
                end as _transaction,
                row_number() over (
                    partition by {group} order by records._row_number
                ) as _position
            from grouped as records
            window receipt as (partition by records._made, records._alone)
            """
        ).format(
            columns=sql.SQL(", ").join(sql.Identifier("rows", name) for name in layout.columns),
            transaction=maker.transaction(),
            is_return=maker.is_return(),
            table=sql.Identifier(split.name),
            group=GROUP,
        ),
        (batch_id,),
    )
    cursor.execute("analyze split_records (_made, _alone, _is_return, _row_number)")
    made = [(feed, *_fill(cursor, split, feed, maker, batch_id)) for feed in feeds]
    told = [
        f"made {', '.join(f'{rows} {feed.data_set} (batch {child})' for feed, child, rows in made)}"
    ]
    headers = next((child for feed, child, _ in made if feed.per == "transaction"), None)
    if headers is not None:
        told += _disagreements(cursor, split, maker, headers)
    cursor.execute("drop table if exists split_records, split_differing")
    return told


def _check(feeds: Sequence[Feed], layout: Layout) -> None:
    """Every required column of every data set that is fed can be made from the file's columns."""
    data_sets = load_data_sets()
    for feed in feeds:
        for name in data_sets[feed.data_set].required:
            ways = feed.columns[name]
            if not any(set(way.columns) <= set(layout.columns) for way in ways):
                needed = ", or ".join(dict.fromkeys(str(way) for way in ways))
                raise ContentError(
                    f"line {layout.first_line - 1}: nothing to make {name} of; add {needed}"
                    " to the file, or name the file's own columns as aliases in datasets.yml"
                )


def _fill(cursor: Cursor, split: Split, feed: Feed, maker: Maker, batch_id: int) -> tuple[int, int]:
    """One data set's batch from the scratch table: its number and how many rows it has."""
    cursor.execute(
        "insert into ops.load_batches (data_set, source_file, path_key, file_date, sha256,"
        " size_bytes, status, separator, date_order, decimal_mark, run_id, definition,"
        " derived_from, message) select %s, source_file, path_key, file_date, sha256, size_bytes,"
        " 'loaded', separator, date_order, decimal_mark, run_id, definition, batch_id, %s"
        " from ops.load_batches where batch_id = %s returning batch_id",
        (feed.data_set, f"made from batch {batch_id} ({split.name})", batch_id),
    )
    (child,) = cursor.fetchone() or (0,)
    beforehand = Beforehand()
    columns = {
        name: made
        for name, ways in feed.columns.items()
        if (made := _expression(maker, feed, ways, beforehand)) is not None
    }
    number: sql.Composable = sql.SQL("records._row_number")
    names = list(columns)
    grouped: sql.Composable = sql.SQL("")
    if feed.per == "transaction":
        grouped = sql.SQL(" group by {}, records._transaction").format(GROUP)
    elif feed.per == "distinct":
        places = map(str, range(3, len(names) + 3))
        grouped = sql.SQL(" group by " + ", ".join(places))
    if feed.per != "row":
        number = sql.SQL("min(records._row_number)")
    cursor.execute(
        sql.SQL(
            "insert into raw.{table} (_batch_id, _row_number, {names})"
            " select {child}, {number}, {values} from {records} as records{grouped} order by 2"
        ).format(
            table=sql.Identifier(feed.data_set),
            names=sql.SQL(", ").join(map(sql.Identifier, names)),
            child=sql.Literal(child),
            number=number,
            values=sql.SQL(", ").join(columns[name] for name in names),
            records=beforehand.table(),
            grouped=grouped,
        )
    )
    rows = cursor.rowcount
    cursor.execute("update ops.load_batches set rows_read = %s where batch_id = %s", (rows, child))
    return int(child), rows


def _expression(
    maker: Maker, feed: Feed, ways: Sequence[Source], beforehand: Beforehand
) -> sql.Composable | None:
    """The column's value from those ways that the file has the columns for; None: there is none."""
    usable = [way for way in ways if set(way.columns) <= set(maker.present)]
    if any(way.kind != "constant" for way in usable):
        usable = [way for way in usable if way.kind != "constant"]
    if not usable:
        return None
    gathered: list[tuple[str, list[Source]]] = []
    for way in usable:
        gather = way.gather if feed.per == "transaction" else ""
        if not gathered or gathered[-1][0] != gather:
            gathered.append((gather, []))
        gathered[-1][1].append(way)
    values = []
    for how, group in gathered:
        value = maker.per_record(group)
        if how:
            if len(group) > 1 or group[0].kind != "column":
                value = beforehand.value(value)
            value = maker.gathered(how, value, beforehand)
        values.append(value)
    return maker.first_filled(values)


def _disagreements(cursor: Cursor, split: Split, maker: Maker, headers: int) -> list[str]:
    """Transactions whose records differ where they should not: a warning of the header's batch."""
    told = []
    columns = [name for name in split.agree if name in maker.present]
    if columns:
        _keep_differing(cursor, columns)
    for column in columns:
        cursor.execute(
            sql.SQL(
                "select count(*), min(first_record) from ("
                " select min(records._row_number) as first_record from split_differing as records"
                " group by {group} having min({value}) <> max({value})) as different"
            ).format(group=GROUP, value=maker.compared(column))
        )
        count, record = cursor.fetchone() or (0, None)
        cursor.execute(
            "insert into ops.validation_results (run_id, batch_id, data_set, rule_id, column_name,"
            " dimension, severity, rows_evaluated, rows_failed) select run_id, batch_id, data_set,"
            " 'records_differ', %s, 'consistency', 'warn', rows_read, %s"
            " from ops.load_batches where batch_id = %s",
            (column, count, headers),
        )
        if count:
            told.append(
                f"{count} transactions whose records differ in {column}: the first counts"
                f" (such as record {record})"
            )
    return told


def _keep_differing(cursor: Cursor, columns: Sequence[str]) -> None:
    """The records of transactions whose texts differ: only they need be read to be compared."""
    cursor.execute(
        sql.SQL(
            """
            create temporary table split_differing on commit drop as
            with differing as (
                select {group}
                from split_records as records
                where records._made is not null
                group by {group}
                having {differs}
            )
            select records.*
            from split_records as records
            inner join differing
                on
                    records._made = differing._made
                    and records._is_return = differing._is_return
            """
        ).format(
            group=GROUP,
            differs=sql.SQL(" or ").join(
                sql.SQL('min({name} collate "C") <> max({name} collate "C")').format(
                    name=sql.Identifier("records", name)
                )
                for name in columns
            ),
        )
    )
