"""A file of loyalty rules, read and judged as a delivery would be, in a database thrown away."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from loyalty_lens.bring.check import checked
from loyalty_lens.bring.findings import CheckReport
from loyalty_lens.errors import PointsError
from loyalty_lens.points.replay import replaying
from loyalty_lens.points.rules import ALL_DATES
from loyalty_lens.settings import Settings
from loyalty_lens.worker import Worker

TIERS = """
select * from jsonb_to_recordset(cast(%s as jsonb)) as tiers (
    tier text, tier_rank integer, min_spend_amount numeric, aliases text
)
"""
# Of two rows of one rule the last one counts, as in a delivery.
NEWEST = """
select distinct on (rule_id) to_jsonb(rules) as rule
from pg_temp.loyalty_rules as rules order by rule_id, rule_version desc
"""


def read_rules(
    settings: Settings, file: Path, tiers: list[dict[str, Any]], worker: Worker | None = None
) -> list[dict[str, Any]]:
    """The rules of a file as rows of `clean.loyalty_rules`, by column.

    Aliases, separators and dates are read as landing reads them, and the rows judged by the suite
    loyalty_rules.yml. `tiers`: the rows of `clean.loyalty_tiers`; `worker`: the helper of the
    gate, if one is at hand. Raises PointsError naming the first row that would be rejected, or why
    the file cannot be read.
    """
    if not file.is_file():
        raise PointsError(f"{file}: there is no such file")
    suffix = ".csv.gz" if file.name.lower().endswith(".gz") else ".csv"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(file, Path(folder) / f"loyalty_rules{suffix}")
        with checked(settings, Path(folder), alone=True, worker=worker) as (report, url):
            _refuse_bad(file, report)
            assert url is not None  # noqa: S101  (the file is one of a data set by its name)
            with replaying(settings, url) as replay:
                replay.put("as_of", ALL_DATES)
                replay.put("loyalty_tiers", TIERS, json.dumps(tiers, default=str))
                replay.build("stg_loyalty_rules", "loyalty_rules")
                found: list[dict[str, Any]] = [row["rule"] for row in replay.rows(NEWEST)]
    if not found:
        raise PointsError(f"{file}: no rule in it")
    return found


def _refuse_bad(file: Path, report: CheckReport) -> None:
    if report.refused:
        reason = (report.refused[0].message or "it cannot be loaded").partition(": ")[2]
        raise PointsError(f"{file}: {reason or report.refused[0].message}; nothing was reckoned")
    if report.rejected_rows:
        examples = [example for finding in report.rejected for example in finding.examples]
        first = f"{examples[0].place}: {examples[0].message}" if examples else "a row is unreadable"
        more = f" ({report.rejected_rows} rows in all)" if report.rejected_rows > 1 else ""
        raise PointsError(f"{file}: {first}{more}; correct the file, nothing was reckoned")
