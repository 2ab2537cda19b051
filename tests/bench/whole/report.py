"""The page of figures: one section a scale, so that one can be measured anew without the others."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.whole.machine import Machine
from tests.bench.whole.tables import Table
from tests.bench.whole.targets import Target

HEAD = """# Benchmarks

`make bench-report` writes this page (`BENCH_SCALE=small` or `large`): everything of a section was
measured in one run on one server, from files that were generated once. Seconds say little across
machines; ratios do. What costs, and what was done about it: [performance](performance.md).
"""
SECTION = re.compile(r"^## (\w+)$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Report:
    """What one run of `make bench` found."""

    scale: str
    date: dt.date
    machine: Machine
    what: str
    targets: Sequence[Target]
    tables: Sequence[Table]


def section(report: Report) -> str:
    """A run as Markdown, from its heading on."""
    met = sum(target.is_met for target in report.targets)
    wanted = [["what", "target", "measured", ""]]
    wanted += [
        [target.what, target.limit, target.measured, "met" if target.is_met else "**missed**"]
        for target in report.targets
    ]
    parts = [
        f"## {report.scale}",
        f"{report.date}, {report.machine.told()}. {report.what}",
        f"### Targets: {met} of {len(report.targets)} met",
        _table(wanted),
    ]
    for table in report.tables:
        parts += [f"### {table.title}", *([table.note] if table.note else []), _table(table.rows)]
    return "\n\n".join(parts) + "\n"


def page(before: str, new: str) -> str:
    """The page with a section new or in place of the one of its scale; others stay, by name."""
    sections = {match[1]: match[0].rstrip() + "\n" for match in SECTION.finditer(before)}
    (found,) = SECTION.finditer(new)
    sections[found[1]] = new
    ordered = sorted(sections, reverse=True)  # small before large
    return "\n".join([HEAD, *(sections[name] for name in ordered)])


def _table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the header; numbers are to the right."""
    head, *body = rows
    rule = ["---", *("---:" if _is_number(cell) else "---" for cell in body[0][1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def _is_number(text: str) -> bool:
    return bool(re.match(r"^[\d.,]+( ?%| ms| MB| s)?$", text))
