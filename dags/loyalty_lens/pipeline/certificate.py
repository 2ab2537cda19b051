"""The run certificate: what a run left behind, so that runs compare and a breach is seen."""

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import QualityError
from loyalty_lens.landing.expected import missing
from loyalty_lens.pipeline.accounts import publish_accounts
from loyalty_lens.pipeline.counted import counted
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected

CUSTOMER_MARTS = ("customer_details", "customer_rfm", "points_balances")

BATCH_COUNTS = """
select data_set, jsonb_build_object(
    'batches', count(*), 'rows_read', sum(rows_read), 'rows_accepted', sum(rows_accepted),
    'rows_rejected', sum(rows_rejected), 'rows_duplicate', sum(rows_duplicate),
    'rows_malformed', sum(rows_malformed),
    'rows_lost', sum(rows_read - rows_accepted - rows_rejected - rows_duplicate - rows_malformed)
)
from ops.load_batches where status = 'validated' group by data_set order by data_set
"""
SCORES = """
select distinct on (data_set) data_set, score
from marts.dq_scores where dimension = 'all' and score is not null
order by data_set, score_date desc
"""
# What is summed up of which table.
AMOUNTS = {
    "sales_amount": ("clean.sales", "sum(total_amount)"),
    "lines_amount": ("clean.sale_lines", "sum(line_amount)"),
    "ledger_points": ("marts.points_ledger", "sum(points)"),
    "balance_points": ("marts.points_balances", "sum(available_points - debt_points)"),
}
CONTENT = """
select jsonb_build_object(
    'rows', count(*),
    'content', coalesce(sum(hashtextextended(cast(mart as text), 0)), 0)::text
)
from marts.{} as mart
"""


def certify(url: str, run_id: str, settings: Settings) -> dict[str, Any]:
    """Writes the certificate of a run and returns it.

    Keys: business_date, is_provisional (the store day was not over), missing_data_sets (what that
    day should have brought), scores (per data set, of its newest day), counts (per data set),
    amounts, accounts (customers whose published points this run has changed), hashes (rows and
    content hash per customer-grain mart), counted_before (tables whose rows stand since an earlier
    run counted them; docs/decisions/0047).
    Raises QualityError where rows are lost, or the ledger and the balances differ.
    """
    with connected(url) as connection:
        (business_date,) = _rows(connection, "select business_date from clean.as_of")[0]
        absent = missing(connection, settings, business_date) if business_date else []
        is_provisional = bool(business_date and business_date >= _today(settings))
        certificate = {
            "business_date": str(business_date) if business_date else None,
            "is_provisional": is_provisional,
            "missing_data_sets": absent,
            "scores": {name: float(score) for name, score in _rows(connection, SCORES)},
            "counts": dict(_rows(connection, BATCH_COUNTS)),
            "accounts": publish_accounts(connection),
            **_counted(connection),
        }
        with connection.cursor() as cursor:
            cursor.execute(
                "update ops.pipeline_runs set certificate = %s, is_provisional = %s,"
                " missing_data_sets = %s where run_id = %s",
                (json.dumps(certificate), is_provisional, ", ".join(absent), run_id),
            )
    _refuse_breach(certificate)
    return certificate


def _today(settings: Settings) -> dt.date:
    """The day that is not over yet."""
    return dt.datetime.now(ZoneInfo(settings.default_time_zone)).date()


def _rows(connection: Connection, query: str | sql.Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def content_of(connection: Connection, mart: str) -> dict[str, Any]:
    """Row count and a hash of all rows that does not depend on their order, counted now."""
    content: dict[str, Any] = _rows(connection, _content(mart))[0][0]
    return content


def count_again(url: str) -> list[str]:
    """Counts anew what certificates took over from an earlier run; names the tables.

    Raises QualityError naming a table that says otherwise, though nobody is known to have changed
    it. Nothing is written then: whoever asks again is told again.
    """
    questions = _questions()
    with connected(url) as connection:
        for relation, query in questions.values():
            kept, _ = counted(connection, relation, query)
            there, _ = counted(connection, relation, query, anew=True)
            if kept != there:
                raise QualityError(
                    f"{relation}: {kept} was counted and {there} is there, though nobody is known"
                    " to have changed it: dbt build --full-refresh makes it anew"
                )
    return sorted({relation for relation, _ in questions.values()})


def _counted(connection: Connection) -> dict[str, Any]:
    """The keys amounts, hashes and counted_before of the certificate."""
    answers = {key: counted(connection, *asked) for key, asked in _questions().items()}
    anew = {relation for key, (relation, _) in _questions().items() if answers[key][1]}
    return {
        "amounts": {name: answers["amounts", name][0] for name in AMOUNTS},
        "hashes": {mart: answers["hashes", mart][0] for mart in CUSTOMER_MARTS},
        "counted_before": sorted({relation for relation, _ in _questions().values()} - anew),
    }


def _questions() -> dict[tuple[str, str], tuple[str, sql.Composable]]:
    """What is asked of which table: by (key of the certificate, name), the table and the query."""
    sums = {
        ("amounts", name): (
            relation,
            sql.SQL("select to_jsonb({}) from {}").format(
                sql.SQL(total), sql.Identifier(*relation.split("."))
            ),
        )
        for name, (relation, total) in AMOUNTS.items()
    }
    contents = {("hashes", mart): (f"marts.{mart}", _content(mart)) for mart in CUSTOMER_MARTS}
    return {**sums, **contents}


def _content(mart: str) -> sql.Composed:
    return sql.SQL(CONTENT).format(sql.Identifier(mart))


def _refuse_breach(certificate: dict[str, Any]) -> None:
    for data_set, counts in certificate["counts"].items():
        if counts["rows_lost"]:
            raise QualityError(
                f"{data_set}: {counts['rows_lost']} rows read are neither accepted, rejected,"
                " duplicate nor malformed; see marts.layer_reconciliation"
            )
    amounts = certificate["amounts"]
    if (amounts["ledger_points"] or 0) != (amounts["balance_points"] or 0):
        raise QualityError(
            f"points: the ledger sums to {amounts['ledger_points']}, the balances to"
            f" {amounts['balance_points']}; see marts.points_ledger and marts.points_balances"
        )
