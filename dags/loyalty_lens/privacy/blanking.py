"""Personal data of customers are blanked where they were delivered; keys and amounts stay."""

from collections.abc import Iterable, Sequence

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import settled
from loyalty_lens.quality.classification import is_personal
from loyalty_lens.splits import load_layouts

# Whose row it is. What else such rows say in free text goes, too.
OWNERS = {
    "customer_details": "customer_id",
    "store_sales_header": "customer_id",
    "points_events": "customer_id",
    "customer_merges": "customer_id",
    "flat_sales": "customer_id",
    "card_transactions": "customer_number",
}
FREE_TEXT = {
    "points_events": ("reason",),
    "customer_merges": ("reason",),
    "flat_sales": ("customer_phone",),
    "card_transactions": ("card_last_4_digits",),
}
WITH_GUESTS = ("store_sales_header", "flat_sales")
# Points and dates of the programme follow from them: they are no data about the person.
KEPT = ("customer_since",)
NO_CONSENT = {"marketing_consent": "no"}
# Birthdays give points where a rule says so: then the day of the year stays, and the year goes.
HAS_BIRTHDAY_RULES = """
select exists (select from raw.loyalty_rules where upper(ops.read_text(event)) = 'BIRTHDAY')
"""
BIRTHDAY = """case when ops.read_date(rows.birth_date, (
    select batches.date_order from ops.load_batches as batches
    where batches.batch_id = rows._batch_id
)) is not null then to_char(ops.read_date(rows.birth_date, (
    select batches.date_order from ops.load_batches as batches
    where batches.batch_id = rows._batch_id
)), '"1904"-MM-DD') end"""


def blank(
    cursor: Cursor, customers: Sequence[str], *, batch_id: int | None = None
) -> dict[str, int]:
    """Blanks the rows of the customers in raw and reject (of one batch); rows by table.

    Phones go too; who keeps a surrogate for guest sales puts it in afterwards.
    """
    cursor.execute(HAS_BIRTHDAY_RULES)
    keeps_birthdays = cursor.fetchone() == (True,)
    counts = {}
    for name, owner in OWNERS.items():
        for schema in schemas_of(cursor, name):
            cursor.execute(
                sql.SQL(
                    "update {} as rows set {} where ops.read_id(rows.{}) = any(%s)"
                    " and (%s::bigint is null or rows._batch_id = %s)"
                ).format(
                    sql.Identifier(schema, name),
                    _blanks(load_layouts()[name], schema, keeps_birthdays=keeps_birthdays),
                    sql.Identifier(owner),
                ),
                (list(customers), batch_id, batch_id),
            )
            if cursor.rowcount:
                counts[f"{schema}.{name}"] = cursor.rowcount
    return counts


def blank_rejects(cursor: Cursor, condition: sql.Composable, *values: object) -> dict[str, int]:
    """Blanks rejected rows, whosever they are, that meet a condition on `rows`; rows by data set.

    In raw, too: what was rejected counts in no mart but by its amount. Birthdays give no points.
    """
    counts = {}
    for name in OWNERS:
        if schemas_of(cursor, name) != ["raw", "reject"]:
            continue
        layout = load_layouts()[name]
        cursor.execute(
            sql.SQL(
                "with ended as (update {reject} as rows set {blanks} where {condition}"
                ' and not rows.errors @> \'[{{"message": "erased"}}]\''
                " returning rows._batch_id, rows._row_number)"
                " update {raw} as rows set {raw_blanks} from ended"
                " where rows._batch_id = ended._batch_id"
                " and rows._row_number = ended._row_number"
            ).format(
                reject=sql.Identifier("reject", name),
                raw=sql.Identifier("raw", name),
                blanks=_blanks(layout, "reject", keeps_birthdays=False),
                raw_blanks=_blanks(layout, "raw", keeps_birthdays=False),
                condition=condition,
            ),
            values,
        )
        if cursor.rowcount:
            counts[name] = cursor.rowcount
    return counts


def read_anew(cursor: Cursor, batches: Iterable[int]) -> None:
    """Rows of raw are others: they are judged and read again, and no table stands.

    Rows of raw never change else, so batches and tables stand by themselves
    (docs/decisions/0022, 0044). Records of customers are read again whatever their batch.
    """
    cursor.execute(
        "delete from ops.batch_builds where batch_id = any(%s::bigint[])"
        " or model = 'customer_deliveries'",
        (sorted(set(batches)),),
    )
    cursor.execute("delete from ops.relation_versions")
    settled.forget(cursor)


def schemas_of(cursor: Cursor, name: str) -> list[str]:
    """Which of raw and reject have rows of the data set: a flat file is never rejected."""
    if name not in load_layouts():
        return []
    cursor.execute(
        "select schema_name from unnest(array['raw', 'reject']) as schema_name"
        " where to_regclass(format('%%I.%%I', schema_name, %s::text)) is not null",
        (name,),
    )
    return [schema for (schema,) in cursor.fetchall()]


def blank_erased(cursor: Cursor, data_set: str, batch_id: int) -> int:
    """Rows of a batch that has just landed whose customers were erased before; how many.

    Sales of guests who left the phone of one of them get the number that stands for it, or none;
    where there are such phones, the session needs the key of pseudonyms.
    """
    cursor.execute("select array_agg(customer_id) from ops.erasures")
    (customers,) = cursor.fetchone() or (None,)
    if not customers:
        return 0
    blanked = sum(blank(cursor, customers, batch_id=batch_id).values())
    if data_set in WITH_GUESTS:
        cursor.execute("select privacy.exchange_erased_phones(%s, %s)", (data_set, batch_id))
        (guests,) = cursor.fetchone() or (0,)
        blanked += guests
    return blanked


def _blanks(layout: DataSet, schema: str, *, keeps_birthdays: bool) -> sql.Composable:
    personal = [
        column
        for column in layout.column_names
        if column not in KEPT
        and (is_personal(layout.name, column) or column in FREE_TEXT.get(layout.name, ()))
    ]
    values = {
        column: sql.SQL(BIRTHDAY)
        if column == "birth_date" and keeps_birthdays
        else sql.Literal(NO_CONSENT.get(column))
        for column in personal
    }
    parts: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(column), value) for column, value in values.items()
    ]
    parts.append(sql.SQL("_extra = null"))
    if schema == "reject":  # messages repeat what was delivered
        parts.append(
            sql.SQL(
                "errors = (select jsonb_agg(told.error || jsonb_build_object('message', 'erased'))"
                " from jsonb_array_elements(rows.errors) as told (error))"
            )
        )
    return sql.SQL(", ").join(parts)
