"""SQL for the values that a split entry makes from the records of a flat file.

Everything works on `records` (or `rows`, before the scratch table exists) as text, in the file's
own date order and decimal mark: the derived batch is read by the same ones. What cannot be read is
passed on as it is, so that the gate rejects it in the file's own words.
"""

from collections.abc import Sequence

from psycopg2 import sql

from loyalty_lens.landing.beforehand import Beforehand
from loyalty_lens.splits import Source, Split

SEPARATOR = sql.SQL("chr(31)")


class Maker:
    """The expressions for one file; `present` are the split's columns that the file has."""

    def __init__(self, split: Split, present: Sequence[str]) -> None:
        self.split = split
        self.present = tuple(present)
        self._types = {column.name: column.type for column in split.columns}

    def transaction(self) -> sql.Composable:
        """What names the transaction: a column as a key is read, or a hash over several."""
        columns = [name for name in self.split.transaction if name in self.present]
        if len(self.split.transaction) == 1:
            return sql.SQL("ops.read_id({})").format(sql.Identifier("rows", columns[0]))
        parts = [self._read(name, "rows") for name in columns]
        return sql.SQL(
            "case when coalesce({filled}) is not null then md5(concat_ws({separator}, {parts})) end"
        ).format(
            filled=_list([sql.SQL("cast({} as text)").format(part) for part in parts]),
            separator=SEPARATOR,
            parts=_list([sql.SQL("coalesce(cast({} as text), '')").format(part) for part in parts]),
        )

    def is_return(self) -> sql.Composable:
        """Whether the record belongs to a return."""
        returns = self.split.returns
        signs = [name for name in returns.negative if name in self.present]
        said: list[sql.Composable] = []
        if signs:
            names = [sql.Identifier("rows", name) for name in signs]
            said.append(
                sql.SQL("case when strpos(concat({}), '-') > 0 then coalesce({}) < 0 end").format(
                    _list(names), _list([self._number(name) for name in names])
                )
            )
        if returns.column in self.present:
            said.append(self._is_one_of("rows", str(returns.column), returns.values))
        if not said:
            return sql.SQL("false")
        return sql.SQL("coalesce({}, false)").format(
            sql.SQL(" or ").join(sql.SQL("coalesce({}, false)").format(part) for part in said)
        )

    def compared(self, column: str) -> sql.Composable:
        """The column as far as records of one transaction must agree: of a time only the date."""
        read = self._read(column, "records")
        kind = "date" if self._types[column] == "timestamp" else "text"
        return sql.SQL("cast(cast({} as {}) as text)").format(read, sql.SQL(kind))

    def per_record(self, ways: Sequence[Source]) -> sql.Composable:
        """The record's value from the first way that is filled in."""
        return self.first_filled(
            [*(self._filled(way) for way in ways[:-1]), self._value(ways[-1])], read=True
        )

    def gathered(
        self, gather: str, value: sql.Composable, beforehand: Beforehand
    ) -> sql.Composable:
        """One value of the transaction from its records' values; `value` is a plain column."""
        first = sql.SQL(
            "(array_agg({value} order by records._row_number) filter (where {condition}))[1]"
        )
        if gather == "first":
            filled = sql.SQL("{value} is not null and ops.read_text({value}) is not null").format(
                value=value
            )
            return first.format(value=value, condition=filled)
        # A sum with a gap would be a wrong amount: the gap itself is passed on and rejected.
        number = beforehand.number(self._number(value))
        return sql.SQL("case when count(*) = count({}) then {} else {} end").format(
            number,
            self._text(sql.SQL("sum({})").format(number)),
            first.format(value=value, condition=sql.SQL("{} is null").format(number)),
        )

    def first_filled(
        self, values: Sequence[sql.Composable], *, read: bool = False
    ) -> sql.Composable:
        """The first of several texts that is not empty; the last as it is. `read`: no blanks."""
        if len(values) == 1:
            return values[0]
        filled = values[:-1]
        if not read:
            filled = [sql.SQL("ops.read_text({})").format(value) for value in filled]
        return sql.SQL("coalesce({})").format(_list([*filled, values[-1]]))

    def _value(self, way: Source) -> sql.Composable:
        names = [sql.Identifier("records", name) for name in way.columns]
        if way.kind == "constant":
            return sql.SQL("cast({} as text)").format(sql.Literal(way.text))
        if way.kind == "join":
            texts = _list([sql.SQL("ops.read_text({})").format(name) for name in names])
            return sql.SQL("nullif(concat_ws({}, {}), '')").format(sql.Literal(way.text), texts)
        if way.kind == "product":
            return self._product(names)
        if way.kind == "date_time":
            return self._date_time(*names, otherwise=names[0])
        if way.kind == "made":
            return self._made(way.text)
        return names[0]

    def _filled(self, way: Source) -> sql.Composable:
        """The same, and null where it is blank.

        A reader around a long expression is not inlined: a call for each record, ten times as slow.
        """
        names = [sql.Identifier("records", name) for name in way.columns]
        if way.kind == "product":
            return self._product(
                [sql.SQL("ops.read_text({})").format(name) for name in names], names
            )
        if way.kind == "date_time":
            read = sql.SQL("ops.read_text({})").format(names[0])
            return self._date_time(*names, otherwise=read)
        return sql.SQL("ops.read_text({})").format(self._value(way))

    def _made(self, what: str) -> sql.Composable:
        if what == "transaction":
            return sql.SQL("records._transaction")
        if what == "position":
            return sql.SQL("cast(records._position as text)")
        returns = self.split.returns
        said: sql.Composable = sql.SQL("'SALE'")
        if returns.column in self.present:
            text = sql.SQL("ops.read_text({})").format(
                sql.Identifier("records", str(returns.column))
            )
            said = sql.SQL(
                "case when min({text}) filter (where not ({known})) is null then 'SALE'"
                " else min({text}) filter (where not ({known})) end"
            ).format(
                text=text,
                known=self._is_one_of("records", str(returns.column), returns.sale_values),
            )
        return sql.SQL("case when records._is_return then 'RETURN' else {} end").format(said)

    def _product(
        self, names: Sequence[sql.Composable], factors: Sequence[sql.Composable] | None = None
    ) -> sql.Composable:
        """The first factor that is no number stands for a product that cannot be made."""
        first, second = names
        a, b = (self._number(factor) for factor in factors or names)
        return sql.SQL(
            "case when {a} is null then {first} when {b} is null then {second} else {product} end"
        ).format(
            a=a,
            b=b,
            first=first,
            second=second,
            product=self._text(sql.SQL("({} * {})").format(a, b)),
        )

    def _date_time(
        self, date: sql.Composable, time: sql.Composable, *, otherwise: sql.Composable
    ) -> sql.Composable:
        """A time such as 14:32, 2:32 PM or 143210 behind the date; a date's midnight gives way."""
        return sql.SQL(
            "case when ops.read_text({time}) is null then {otherwise} else concat_ws(' ',"
            " regexp_replace(ops.read_text({date}), '[ T]0{{1,2}}:00(:00([.]0+)?)?$', ''),"
            " case when pg_input_is_valid({time}, 'time')"
            " then cast(cast({time} as time) as text) else {time} end) end"
        ).format(date=date, time=time, otherwise=otherwise)

    def _is_one_of(self, table: str, column: str, values: Sequence[str]) -> sql.Composable:
        return sql.SQL("upper(ops.read_text({})) = any({}::text[])").format(
            sql.Identifier(table, column), sql.Literal(list(values))
        )

    def _number(self, text: sql.Composable) -> sql.Composable:
        mark = sql.Literal(self.split.decimal_mark)
        return sql.SQL("ops.read_number({}, {})").format(text, mark)

    def _text(self, number: sql.Composable) -> sql.Composable:
        """A number as the file would write it."""
        text = sql.SQL("cast(trim_scale({}) as text)").format(number)
        if self.split.decimal_mark == ",":
            return sql.SQL("replace({}, '.', ',')").format(text)
        return text

    def _read(self, column: str, table: str) -> sql.Composable:
        """The column in its type, so that 1.0 and 1, or two ways to write a date, are the same."""
        kind = self._types[column]
        name = sql.Identifier(table, column)
        if kind in ("number", "integer"):
            return sql.SQL("trim_scale({})").format(self._number(name))
        if kind in ("date", "timestamp"):
            order = sql.Literal(self.split.date_order)
            return sql.SQL("ops.read_timestamp({}, {})").format(name, order)
        return sql.SQL("ops.{}({})").format(sql.Identifier(f"read_{kind}"), name)


def _list(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(parts)
