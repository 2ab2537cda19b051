"""What the rows under judgement are looked up in: small tables, made before the facts of the rows.

`judge.found_<name>` holds what `facts/look_ups/<name>.sql` finds for the rows read. Tables rather
than parts of one statement, because the planner then knows how much was found, and because only
what lies in tables can be read by several workers at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality.statements import create, statement_in

MUCH = 1_000_000  # rows; joining so many costs more than the versions of prices that it spares
# Made of the rows alone.
OF_ROWS = {"store_sales_line_items": ("sums",)}
# Made of the rows, of what is known of other data sets, and of each other.
LOOK_UPS = {
    "customer_merges": ("merge_customers",),
    "store_sales_header": ("customers",),
    "store_sales_line_items": ("headers", "sold", "prices", "promotions"),
    "points_events": ("customers", "sales"),
    "store_inventory": ("products",),
}
# Made for the lines of returns (phase 2), from the others.
OF_RETURNS = {
    "store_sales_line_items": (
        *("returned", "phone_owners", "return_owners", "return_moments", "return_headers"),
    )
}
# Tables whose rows are found by one column. The planner leaves such a table out where nothing is
# asked for that comes from it.
UNIQUE = {
    "customers": "customer_id",
    "merge_customers": "customer_id",
    "products": "product_id",
    "prices": "product_id",
    "promotions": "promotion_id",
}
# Whether there is anything to be looked up in: until then its keys are taken as they come.
IS_KNOWN = {
    "has_stores": "select from judge.store_zones",
    "has_products": "select from judge.live_products where not _is_rejected",
    "has_promotions": "select from judge.live_promotion_details where not _is_rejected",
    "has_customers": "select from judge.live_customer_details where not _is_rejected",
    "has_headers": "select from ops.load_batches where data_set = 'store_sales_header'"
    " and status in ('loaded', 'validated', 'held')",
}


def make_of_rows(cursor: Cursor, data_set: DataSet, head: sql.Composable) -> None:
    """The tables that need nothing but the rows of `head`, as in `make`."""
    _make(cursor, OF_ROWS.get(data_set.name, ()), head, {})


def make(
    cursor: Cursor, data_set: DataSet, head: sql.Composable, parameters: dict[str, Any]
) -> None:
    """The tables for the rows of `head` (a with clause that names them `delivered`)."""
    names = LOOK_UPS.get(data_set.name, ())
    statements = {}
    if "sold" in names and _is_much(cursor, data_set):
        statements = {"sold": "sold_by_batch"}
    _make(cursor, names, head, parameters, statements)


def make_of_returns(cursor: Cursor, data_set: DataSet, parameters: dict[str, Any]) -> None:
    """The tables for the returns among the rows."""
    _make(cursor, OF_RETURNS.get(data_set.name, ()), sql.SQL(""), parameters)


def _is_much(cursor: Cursor, data_set: DataSet) -> bool:
    cursor.execute(
        "select reltuples >= %s from pg_class where oid = cast(%s as regclass)",
        (MUCH, f'judge."{data_set.name}__read"'),
    )
    return cursor.fetchone() == (True,)


def _make(
    cursor: Cursor,
    names: Sequence[str],
    head: sql.Composable,
    parameters: dict[str, Any],
    statements: Mapping[str, str] | None = None,
) -> None:
    """`statements`: of a name, the file that stands for its own."""
    for name in names:
        statement = statement_in(f"look_ups/{(statements or {}).get(name, name)}")
        create(cursor, table_of(name), head, statement, parameters)
        if name in UNIQUE:
            cursor.execute(
                sql.SQL("create unique index on {} ({})").format(
                    table_of(name), sql.Identifier(UNIQUE[name])
                )
            )
        cursor.execute(sql.SQL("analyze {}").format(table_of(name)))


def what_is_known(cursor: Cursor, data_set: DataSet) -> dict[str, bool]:
    """`has_<data set>` for the facts of a data set that looks anything up."""
    if data_set.name not in LOOK_UPS:
        return {}
    found = {}
    for name, query in IS_KNOWN.items():
        cursor.execute(f"select exists ({query})")
        found[name] = cursor.fetchone() == (True,)
    return found


def tables_of_rows(data_set: DataSet) -> list[str]:
    """The names of the tables of `make_of_rows`, in schema `judge`."""
    return [f"found_{name}" for name in OF_ROWS.get(data_set.name, ())]


def tables_of(data_set: DataSet) -> list[str]:
    """The names of the other tables of the data set, in schema `judge`."""
    names = (*LOOK_UPS.get(data_set.name, ()), *OF_RETURNS.get(data_set.name, ()))
    return [f"found_{name}" for name in names]


def table_of(name: str) -> sql.Identifier:
    """`judge.found_<name>`."""
    return sql.Identifier("judge", f"found_{name}")
