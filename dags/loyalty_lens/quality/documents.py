"""`lens docs quality`: the last results of every rule as pages, from what the gate stored."""

import html
from pathlib import Path
from typing import Any

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import QualityError
from loyalty_lens.quality.feeds import load_suites
from loyalty_lens.quality.suites import SUITES
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker

STYLE = Path(__file__).with_name("documents.css")
# The files of a data set's newest day, each by its latest judgement.
RESULTS = """
with batches as (
    select
        batch_id, data_set,
        coalesce(file_date, business_date, cast(loaded_at at time zone 'UTC' as date)) as day
    from ops.load_batches where status in ('validated', 'held')
),
newest as (
    select batches.*, max(results.validated_at) as validated_at
    from batches inner join ops.validation_results as results using (batch_id)
    where batches.day = (
        select max(others.day) from batches as others where others.data_set = batches.data_set
    )
    group by batches.batch_id, batches.data_set, batches.day
)
select
    newest.data_set, newest.day, max(newest.validated_at) over (partition by newest.data_set),
    results.rule_id, results.column_name, results.rows_evaluated, results.rows_failed
from newest inner join ops.validation_results as results using (batch_id, validated_at)
"""


def write_documents(
    url: str, folder: Path, worker: Worker, suites: Path = SUITES, feed: str | None = None
) -> Path:
    """Writes index.html and a page per data set into `folder`; returns the index.

    The pages need nothing but themselves: no script, nothing from another host. Raises QualityError
    where nothing was judged yet or the folder cannot be written.
    """
    pages = _pages(url, suites, feed)
    if not pages:
        raise QualityError("no results to show yet; load files first: lens run --landing DIR")
    style = STYLE.read_text("utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        worker.call(folder=str(folder.absolute()), style=style, pages=pages)
        index = folder / "index.html"
        index.write_text(_index(pages, style), encoding="utf-8")
    except OSError as error:
        raise QualityError(f"{folder}: {error.strerror}; choose another: --out DIR") from error
    return index


def _pages(url: str, suites: Path, feed: str | None) -> list[dict[str, Any]]:
    suite_of = load_suites(suites, feed)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(RESULTS)
        rows = cursor.fetchall()
    counts: dict[tuple[str, str, str], list[int]] = {}
    days: dict[str, tuple[str, str]] = {}
    for data_set, day, judged_at, rule_id, column, evaluated, failed in rows:
        days[data_set] = (str(day), judged_at.isoformat())
        count = counts.setdefault((data_set, rule_id, column), [0, 0])
        count[0] += evaluated
        count[1] += failed
    return [
        {
            "data_set": name,
            "day": days[name][0],
            "judged_at": days[name][1],
            "file": f"{name}.html",
            "expectations": [
                {
                    "type": rule.type,
                    "kwargs": rule.kwargs,
                    "rule_id": rule.rule_id,
                    "severity": rule.severity,
                    "dimension": rule.dimension,
                    "message": rule.message,
                    "rows_evaluated": counts[name, rule.rule_id, rule.column][0],
                    "rows_failed": counts[name, rule.rule_id, rule.column][1],
                }
                for rule in suite_of[name].rules
                if (name, rule.rule_id, rule.column) in counts
            ],
        }
        for name in load_data_sets()
        if name in days
    ]


def _index(pages: list[dict[str, Any]], style: str) -> str:
    rows = "".join(_line(page) for page in pages)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Data quality</title>'
        f"<style>{style}</style></head><body><h1>Data quality: the newest files of each data set"
        '</h1><table class="index"><tr><th>data set</th><th>files of</th><th>judged (UTC)</th>'
        '<th class="number">rules</th><th class="number">passed in full</th><th>failed by</th></tr>'
        f"{rows}</table><p>Counts are rows as delivered; what comes through later stays counted."
        " The rejected rows themselves are in the schema reject.</p></body></html>"
    )


def _line(page: dict[str, Any]) -> str:
    entries = page["expectations"]
    failed = [entry for entry in entries if entry["rows_failed"]]
    told = ", ".join(f"{entry['rule_id']} ({entry['rows_failed']:,})" for entry in failed)
    return (
        f'<tr><td><a href="{page["file"]}">{page["data_set"]}</a></td><td>{page["day"]}</td>'
        f"<td>{page['judged_at'][:16].replace('T', ' ')}</td>"
        f'<td class="number">{len(entries)}</td><td class="number">{len(entries) - len(failed)}'
        f'</td><td class="{"bad" if failed else "good"}">{html.escape(told) or "none"}</td></tr>'
    )
