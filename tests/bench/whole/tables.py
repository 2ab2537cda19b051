"""What was measured, as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.days import History, medians_of
from tests.bench.running import STEPS, Run
from tests.bench.whole.first_load import FirstLoad
from tests.bench.whole.landing import Landing
from tests.bench.whole.shop import Shop
from tests.bench.whole.ways import Ways

MODELS_SHOWN = 15
GROWING_SHOWN = 8
CARDS_SHOWN = 5
MB = 1e6
COPY, SCRIPT, BY_HAND = "the bare copy", "the script by hand", "the path by hand"


@dataclass(frozen=True)
class Table:
    """A heading, a sentence, and rows of text, the first of them the header."""

    title: str
    note: str
    rows: Sequence[Sequence[str]]


def side_by_side(landing: Landing, ways: Ways, first: FirstLoad) -> Table:
    """The pipeline and the ways to do without it."""
    copy, by_hand = median(landing.copy), median(way.whole for way in ways.by_hand)
    script = median(way.script for way in ways.by_hand)
    build = median(run.build() for run in first.runs)
    validate = median(run.steps["validate"] for run in first.runs)
    whole = median(run.whole for run in first.runs)

    def row(what: str, seconds: float, unit: float, of: str) -> list[str]:
        return [what, f"{seconds:.2f}", f"{seconds / unit:.2f}", of]

    loads = len(first.runs)
    return Table(
        "The pipeline and the ways to do without it",
        f"Median seconds of {len(landing.copy)} turns, {loads} of the whole load. By hand means"
        " text tables, then one SQL script that computes the final tables and checks nothing;"
        " DuckDB runs it straight from the files; pandas is what such projects usually are."
        " All three read the same rows unspoilt, as they would stop at the first bad date.",
        [
            ["what", "s", "times", "of"],
            row("bare copy of all files", copy, copy, COPY),
            row("`lens ingest`", median(landing.ingest), copy, COPY),
            row("validate and route", validate, copy, COPY),
            row("final tables by hand, without the copy", script, script, SCRIPT),
            row("first full build (staging, clean, marts)", build, script, SCRIPT),
            row("by hand from the files to the final tables", by_hand, by_hand, BY_HAND),
            row("`lens run` upon nothing", whole, by_hand, BY_HAND),
            row("pandas, segments and what they need", median(ways.pandas), by_hand, BY_HAND),
            row("DuckDB, the tables by hand", median(ways.duckdb), by_hand, BY_HAND),
        ],
    )


def steps(first: FirstLoad) -> Table:
    """Where the first load spends its time, and a run that finds nothing new."""
    whole = median(run.whole for run in first.runs)
    rows = [["step", "first load, s", "share", "nothing new, s"]]
    for name in STEPS:
        seconds = median(run.steps[name] for run in first.runs)
        idle = median(run.steps[name] for run in first.nothing_new)
        rows.append([name, f"{seconds:.1f}", f"{seconds / whole:.0%}", f"{idle:.1f}"])
    idle = median(run.whole for run in first.nothing_new)
    rows.append(["from start to end", f"{whole:.1f}", "100%", f"{idle:.1f}"])
    return Table("Steps of a run", "", rows)


def models(first: FirstLoad) -> Table:
    """Each model's share of the first build."""
    found = _by_model(first.runs)
    total = sum(found.values())
    rows = [["model, with its tests", "s", "share"]]
    shown = list(found)[:MODELS_SHOWN]
    rows += [[f"`{name}`", f"{found[name]:.1f}", f"{found[name] / total:.1%}"] for name in shown]
    if others := list(found)[MODELS_SHOWN:]:
        rest = sum(found[name] for name in others)
        rows.append([f"{len(others)} others", f"{rest:.1f}", f"{rest / total:.1%}"])
    return Table("Models of the first build", "Two at a time, so seconds overlap.", rows)


def idle_models(first: FirstLoad) -> Table:
    """What is made anew although nothing has changed, or looked at for changes."""
    found = _by_model(first.nothing_new)
    rows = [["model, with its tests", "s"]]
    rows += [[f"`{name}`", f"{found[name]:.1f}"] for name in list(found)[:GROWING_SHOWN]]
    return Table("Models of a run with nothing new", "", rows)


def _by_model(runs: Sequence[Run]) -> dict[str, float]:
    """Model -> median seconds, the slowest first."""
    names = {name for run in runs for name in run.models}
    return _largest_first(
        {name: median(run.models.get(name, 0.0) for run in runs) for name in names}
    )


def days(histories: Sequence[History]) -> Table:
    """A day upon each length of the history: the run, its steps, the models that grow most."""
    sizes = ", ".join(f"{each.lines:,}" for each in histories)
    a_day = histories[-1].lines / histories[-1].days
    rows = [["s, median", *(f"{each.days} days" for each in histories), "longest to shortest"]]
    for name, medians in medians_of(histories, GROWING_SHOWN).items():
        ratio = f"{medians[-1] / medians[0]:.2f}" if medians[0] >= 0.05 else ""
        rows.append([name, *(f"{seconds:.2f}" for seconds in medians), ratio])
    return Table(
        "A day's run by days of history",
        f"Median of {len(histories[0].runs)} days, in turns, each `lens run` from its start to its"
        f" end. The histories hold {sizes} lines, {a_day:,.0f} a day upon the longest.",
        rows,
    )


def memory(first: FirstLoad, ways: Ways) -> Table:
    """Peaks during the first load, and those of the ways that run in Python."""
    rows = [["process", "peak MB"]]
    rows += [[f"`{name}`", f"{peak:.0f}"] for name, peak in _largest_first(first.python).items()]
    rows += [
        ["server, private memory of all its processes", f"{first.server:.0f}"],
        ["server, shared buffers", f"{first.shared:.0f}"],
        *([f"`{name}`", f"{peak:.0f}"] for name, peak in ways.memory.items()),
    ]
    return Table("Memory of the first load", "", rows)


def disk(shop: Shop, first: FirstLoad) -> Table:
    """The files, and the layers that stand once they are loaded."""
    rows = [["what", "MB", "times the files"]]
    sizes = {"files (CSV)": shop.bytes, **_largest_first(first.layers)}
    rows += [[n, f"{s / MB:,.0f}", f"{s / shop.bytes:.1f}"] for n, s in sizes.items()]
    return Table("Disk", "", rows)


def cards(first: FirstLoad) -> Table:
    """The slowest questions of the dashboards."""
    rows = [["card", "filter", "rows", "ms"]]
    for each in first.cards[:CARDS_SHOWN]:
        rows.append([f"`{each.card}`", each.choice, f"{each.rows}", f"{each.seconds * 1000:.0f}"])
    return Table("Slowest cards", f"Of {len(first.cards)}, the best of three.", rows)


def _largest_first(sizes: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
