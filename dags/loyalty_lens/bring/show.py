"""What `lens check` found, as lines that fit 80 columns."""

import shlex
import textwrap
from collections.abc import Iterable

from rich.console import Console

from loyalty_lens.bring.findings import CheckReport, Counts, FileCheck, Finding
from loyalty_lens.bring.recognition import Recognised

WIDTH = 80
LABEL = 10
ORDERS = {"day_first": "03/04/2026 is 3 April", "month_first": "03/04/2026 is 4 March"}
MARKS = {".": "1,234.50", ",": "1.234,50"}
OUTCOMES = {
    "loaded": "would be loaded",
    "skipped_same_content": "is loaded already",
    "stopped": "would be stopped",
    "failed": "would be refused",
    "ignored": "would be ignored",
    "waiting": "would wait",
}
STYLES = {"stopped": "red", "failed": "red", "ignored": "yellow"}


def screen() -> Console:
    """Standard output, 80 columns wide, wider on a wider terminal up to 100."""
    console = Console()
    return Console(width=min(console.width, 100) if console.is_terminal else WIDTH)


def show(console: Console, report: CheckReport) -> None:
    """Files, then what would be rejected by rule, warnings, notes, and the next step."""
    for file in report.files:
        _show_file(console, file)
    _show_findings(console, "Would be rejected, by rule", report.rejected)
    _show_findings(console, "Warnings (the rows are kept)", report.warnings)
    notes = list(report.notes)
    if report.replayed:
        notes.append(f"{report.replayed:,} rows that wait in reject would come through")
    for note in notes:
        _lines(console, "note", note, style="yellow")
    console.print()
    _lines(console, "in all", _summary(report))
    _lines(console, "next", next_step(report), style="bold")


def next_step(report: CheckReport) -> str:
    """What to do now, in one sentence."""
    folder = shlex.quote(report.folder)
    if not any(file.recognised or file.outcome != "ignored" for file in report.files):
        return (
            "no file has the name of a data set: see lens template, or add your names to"
            " datasets.yml (docs/bring_your_own_files.md)"
        )
    if report.refused:
        return f"correct the files that would not be loaded, then again: lens check {folder}"
    if report.rejected_rows:
        return (
            f"correct what is rejected, or load all as it is: lens run --landing {folder}"
            " (rejected rows wait in reject)"
        )
    return f"lens run --landing {folder}"


def _show_file(console: Console, file: FileCheck) -> None:
    console.print()
    console.print(file.path, style="bold", markup=False, highlight=False, soft_wrap=True)
    message = (file.message or "").removeprefix(f"{file.path}: ")
    told = OUTCOMES.get(file.outcome, file.outcome)
    is_loaded = file.outcome == "loaded"
    held = any(counts.status == "held" for counts in file.counts)
    told = "would be loaded, and held back by a rule for whole files" if held else told
    if not is_loaded and message:
        told += f": {message}"
    _lines(console, "result", told, style="red" if held else STYLES.get(file.outcome))
    if file.recognised:
        encoding = next((counts.encoding for counts in file.counts if counts.encoding), None)
        _show_recognised(console, file.recognised, encoding)
    for counts in file.counts:
        _lines(console, "rows", _counted(counts, is_first=counts is file.counts[0]))
    if is_loaded and (noticed := _noticed(message)):
        _lines(console, "noticed", noticed)


def _show_recognised(console: Console, found: Recognised, encoding: str | None) -> None:
    what = [found.data_set]
    if found.feeds:
        what.append(f"which feeds {', '.join(found.feeds)}")
    if found.file_date:
        what.append(f"of {found.file_date}")
    what.append(f"separated by {found.separator}")
    if encoding:
        what.append(encoding.replace("utf-8", "UTF-8").replace("windows", "Windows"))
    _lines(console, "is", ", ".join(what))
    _lines(console, "columns", ", ".join(found.columns))
    if found.aliases:
        _lines(console, "read as", ", ".join(f"{name} is {field}" for name, field in found.aliases))
    if found.extra:
        _lines(console, "extra", f"{', '.join(found.extra)} (not known; kept in _extra)")
    if found.missing:
        _lines(console, "missing", f"{', '.join(found.missing)} (none of them needed)")
    settings = []
    if found.date_order:
        settings.append(f"date_order {found.date_order} ({ORDERS[found.date_order]})")
    if found.decimal_mark:
        settings.append(f'decimal_mark "{found.decimal_mark}" ({MARKS[found.decimal_mark]})')
    if settings:
        _lines(console, "settings", ", ".join(settings))


def _noticed(message: str) -> str:
    """What landing noticed, but for what is told elsewhere (extra columns, what was made)."""
    parts = message.split("; ")
    return "; ".join(part for part in parts if not part.startswith(("extra columns", "made ")))


def _counted(counts: Counts, *, is_first: bool) -> str:
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (counts.accepted, "accepted"),
            (counts.rejected, "rejected"),
            (counts.duplicates, "exact duplicates"),
            (counts.malformed, "malformed"),
        )
        if number or word == "accepted"
    ]
    what = "read" if is_first else counts.data_set
    return f"{counts.rows_read:,} {what}: {', '.join(parts)}"


def _show_findings(console: Console, title: str, findings: Iterable[Finding]) -> None:
    for number, finding in enumerate(findings):
        if number == 0:
            console.print()
            console.print(title, style="bold", highlight=False)
        rows = f"{finding.rows:,} row{'s' if finding.rows != 1 else ''}"
        _wrapped(console, f"  {finding.data_set}  {finding.rule_id}  {rows}", "      ")
        for example in finding.examples:
            _wrapped(console, f"    {example.file}, {example.place}: {example.message}", "      ")


def _summary(report: CheckReport) -> str:
    loaded = sum(file.outcome == "loaded" for file in report.files)
    against = "by themselves" if report.is_alone else "against what the warehouse has accepted"
    return (
        f"{loaded} of {len(report.files)} files would be loaded, {len(report.refused)} would not;"
        f" {report.rejected_rows:,} rows rejected. Judged {against}; nothing was changed."
    )


def _lines(console: Console, label: str, text: str, *, style: str | None = None) -> None:
    _wrapped(console, f"  {label:{LABEL}}{text}" if label else text, " " * (LABEL + 2), style)


def _wrapped(console: Console, text: str, indent: str, style: str | None = None) -> None:
    lines = textwrap.wrap(text, console.width, subsequent_indent=indent, break_on_hyphens=False)
    for line in lines:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
