"""A data set's columns on a terminal: one line of figures each, then shapes and common values."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from loyalty_lens.quality.profile import ColumnProfile
from loyalty_lens.report.show import number, table

WIDEST = 12
COLUMNS = ("column", "null", "distinct", "lowest", "highest", "length")


def show_profile(console: Console, data_set: str, profiles: Sequence[ColumnProfile]) -> None:
    """All columns; says what is an estimate and what is kept back because it is personal."""
    first = profiles[0]
    seen = number(first.rows_in_all)
    if first.rows_profiled < first.rows_in_all:
        seen = f"{number(first.rows_profiled)} of {seen} rows looked at, ~ is an estimate"
    else:
        seen += " rows"
    rows = [
        (
            profile.column_name,
            _share(profile.rows_null, profile.rows_profiled),
            ("~" if profile.is_distinct_approximate else "") + number(profile.distinct_values),
            _short(profile.lowest, profile),
            _short(profile.highest, profile),
            _length(profile),
        )
        for profile in profiles
    ]
    console.print(f"\n{data_set}: {seen}", style="bold", highlight=False, soft_wrap=True)
    table(console, "", COLUMNS, rows)
    console.print(
        "\nShapes (9 digit, A a letters, + more of them) and commonest values", style="dim"
    )
    for profile in profiles:
        if profile.pattern is not None:
            console.print(_shape(profile), markup=False, highlight=False, soft_wrap=True)


def _shape(profile: ColumnProfile) -> str:
    filled = profile.rows_profiled - profile.rows_null
    parts = [f"{profile.pattern} {_share(profile.pattern_rows or 0, filled)}"]
    if profile.top_values is None:
        parts.append("personal: values are not shown")
    else:
        common = [top for top in profile.top_values if top["rows"] > 1]
        parts += [f"{top['value'][:30]} ({number(top['rows'])})" for top in common]
    return f"{profile.column_name}: " + "; ".join(parts)


def _short(value: str | None, profile: ColumnProfile) -> str:
    if value is None:
        return "personal" if profile.is_personal and profile.pattern else "-"
    return escape(value if len(value) <= WIDEST else value[: WIDEST - 1] + "…")


def _length(profile: ColumnProfile) -> str:
    if profile.shortest is None:
        return "-"
    if profile.shortest == profile.longest:
        return str(profile.shortest)
    return f"{profile.shortest}-{profile.longest}"


def _share(part: int, whole: int) -> str:
    """Whole per cent, but neither 0 % of some nor 100 % of not all."""
    if not part or not whole:
        return "0 %"
    if part == whole:
        return "100 %"
    return (
        f"{min(max(100 * part / whole, 0.1), 99.9):.{0 if 1 <= 100 * part / whole <= 99 else 1}f} %"
    )
