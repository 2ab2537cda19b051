"""One page about a run: what came, what it cost, what moved, what is missing. No personal data."""

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.campaigns.files import new_file
from loyalty_lens.errors import LensError
from loyalty_lens.report.health import Health, health
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected

RUN = """
select business_date, status, started_at, finished_at, certificate, coalesce(is_provisional, false),
    coalesce(missing_data_sets, '')
from ops.pipeline_runs where run_id = %s
"""
CAME = """
select data_set, count(*), sum(rows_read)::bigint, sum(rows_accepted)::bigint,
    sum(rows_rejected)::bigint, sum(rows_duplicate)::bigint, sum(rows_malformed)::bigint
from ops.load_batches where run_id = %s and status in ('validated', 'split')
group by data_set order by data_set
"""
PROBLEMS = """
select source_file, coalesce(message, held_because, status) from ops.load_batches
where status in ('failed', 'held') order by batch_id desc limit 10
"""
POINTS = """
select coalesce(sum(issued_points), 0)::bigint, coalesce(sum(redeemed_points), 0)::bigint,
    coalesce(sum(expired_points), 0)::bigint,
    (select coalesce(sum(available_points + pending_points), 0)::bigint
        from marts.points_balances)
from marts.points_daily where business_date = %s
"""
SALES = """
select coalesce(sum(net_amount), 0), coalesce(sum(transaction_count), 0)::bigint
from marts.sales_daily where business_date = %s
"""
# Of the newest state, which is the business date's.
MOVES = """
select from_segment, to_segment, count(*)
from marts.segment_changes
where scheme = 'value_engagement' and state_date = %s
group by from_segment, to_segment order by count(*) desc, 1, 2 limit 8
"""
REJECTED_MONEY = """
select coalesce(sum(total_amount), 0) from marts.rejected_sales where status = 'open'
"""
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}p{margin:.3rem 0}
table{border-collapse:collapse;width:100%}td,th{padding:.15rem .6rem .15rem 0;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}th{border-bottom:1px solid #bbb}
.warn{background:#fff4d6;padding:.4rem .7rem;border-left:4px solid #e0a800}
"""


def write_digest(settings: Settings, url: str, run_id: str) -> tuple[Path, str]:
    """Writes the digest of a certified run to LENS_EXPORTS/<business date>/digest.html.

    Returns the path and the page; the newest run of a day takes the place of the one before.
    Raises CampaignError where the file cannot be written, LensError for an unknown run.
    """
    with connected(url) as connection:
        page, business_date = _page(connection, settings, run_id, health(url))
    path = settings.exports / str(business_date or "no date") / "digest.html"
    with new_file(path, b"") as file:
        file.stream.write(page.encode())
        file.keep()
    return path, page


def _page(
    connection: Connection, settings: Settings, run_id: str, known: Health
) -> tuple[str, dt.date | None]:
    found = _rows(connection, RUN, run_id)
    if not found:
        raise LensError(f"run {run_id}: not in ops.pipeline_runs")
    date, status, started, finished, certificate, is_provisional, missing = found[0]
    currency = settings.currency
    issued, redeemed, expired, outstanding = _rows(connection, POINTS, date)[0]
    revenue, transactions = _rows(connection, SALES, date)[0]
    rejected_money = _rows(connection, REJECTED_MONEY)[0][0]
    came = _rows(connection, CAME, run_id)
    seconds = f"{(finished - started).total_seconds():,.0f} s" if finished else "still at work"
    changed = ((certificate or {}).get("accounts") or {}).get("customers_changed") or 0
    warnings = [
        f"The day is not over: figures of {date} are provisional." if is_provisional else "",
        f"Missing for {date}: {missing}." if missing else "",
        f"{changed:,} customers have other points up to the day before than were published: late,"
        " corrected or replayed rows."
        if changed
        else "",
    ]
    parts = [
        f"<h1>Loyalty Lens, {escape(str(date or 'no date yet'))}</h1>",
        f"<p>Run {escape(run_id)}: {escape(status)}, {seconds}</p>",
        *(f'<p class="warn">{escape(text)}</p>' for text in warnings if text),
        _table(
            "The day",
            ("", ""),
            [
                (f"Revenue, {currency}", f"{revenue:,.2f}"),
                ("Sales", f"{transactions:,}"),
                ("Points issued", f"{issued:,}"),
                ("Points redeemed", f"{abs(redeemed):,}"),
                ("Points expired", f"{abs(expired):,}"),
                ("Points outstanding", f"{outstanding:,}"),
                (f"Money in open rejects of sales, {currency}", f"{rejected_money:,.2f}"),
            ],
        ),
        _table(
            "What came with this run",
            ("data set", "files", "read", "accepted", "rejected", "duplicates", "malformed"),
            [(row[0], *(f"{count:,}" for count in row[1:])) for row in came],
            empty="Nothing new.",
        ),
        _table(
            "How good it is",
            ("data set", "status", "score", "target"),
            [
                (
                    score.data_set,
                    score.status.lower(),
                    "n/a" if score.score is None else f"{score.score:.1f}",
                    "-" if score.target is None else f"{score.target:.0f}",
                )
                for score in known.scores
            ],
            texts=2,
        ),
        _table(
            "Open rejects, by rule",
            ("data set", "rule", "rows", currency),
            [
                (
                    reject.data_set,
                    reject.rule_id,
                    f"{reject.rows:,}",
                    "-" if reject.money is None else f"{reject.money:,.2f}",
                )
                for reject in known.rejects[:8]
            ],
            texts=2,
            empty="None.",
        ),
        _table(
            "Customers who moved",
            ("from", "to", "customers"),
            [(a, b, f"{count:,}") for a, b, count in _rows(connection, MOVES, date)],
            texts=2,
            empty="Nobody.",
        ),
        _table("Files with a problem", ("file", "why"), _rows(connection, PROBLEMS), texts=2),
    ]
    head = f"<meta charset=utf-8><title>Loyalty Lens {escape(str(date))}</title>"
    body = "\n".join(part for part in parts if part)
    return f"<!doctype html>{head}<style>{STYLE}</style>\n{body}\n", date


def _table(
    heading: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    texts: int = 1,
    empty: str = "",
) -> str:
    """A heading and its table; nothing where there are no rows and no word for that."""
    cells = [
        "<tr>"
        + "".join(_cell("td", value, is_number=place >= texts) for place, value in enumerate(row))
        + "</tr>"
        for row in rows
    ]
    if not cells:
        return f"<h2>{escape(heading)}</h2><p>{escape(empty)}</p>" if empty else ""
    names = "".join(_cell("th", name, is_number=n >= texts) for n, name in enumerate(columns))
    head = f"<tr>{names}</tr>" if any(columns) else ""
    return f"<h2>{escape(heading)}</h2><table>{head}{''.join(cells)}</table>"


def _cell(tag: str, value: Any, *, is_number: bool) -> str:
    kind = ' class="n"' if is_number else ""
    return f"<{tag}{kind}>{escape(str(value))}</{tag}>"


def _rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall()
