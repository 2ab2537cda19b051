"""What was measured, held against what is wanted on two cores."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.cards import LIMIT
from tests.bench.days import History
from tests.bench.whole.first_load import FirstLoad
from tests.bench.whole.landing import Landing
from tests.bench.whole.ways import Ways

INGEST_SPEED = 0.8  # of the bare copy's
VALIDATE = 6.0  # bare copies
FIRST_LOAD = 6.0  # times the path by hand
LONG_DAY = 1.3  # a day upon 360 days, times one upon 30
DAY_SECONDS = 60.0
PYTHON_MB = 400.0
NOTHING_NEW_SECONDS = 15.0


@dataclass(frozen=True)
class Target:
    """One line of the table: what, the limit, what was measured, and whether it is met."""

    what: str
    limit: str
    measured: str
    is_met: bool


def targets(
    landing: Landing, ways: Ways, first: FirstLoad, histories: Sequence[History], lines_a_day: int
) -> list[Target]:
    """All of them; medians of repeated runs. `lines_a_day`: of the shop's own new days."""
    copy = median(landing.copy)
    by_hand = median(way.whole for way in ways.by_hand)
    whole = median(run.whole for run in first.runs)
    process, peak = max(first.python.items(), key=lambda item: item[1])
    slowest = first.cards[0]
    short, long = _lengths(histories)
    return [
        _at_least(
            "speed of ingest, of the bare copy's", copy / median(landing.ingest), INGEST_SPEED
        ),
        _at_most(
            "validate and route, bare copies",
            median(run.steps["validate"] for run in first.runs) / copy,
            VALIDATE,
        ),
        _at_most("first load, times the path by hand", whole / by_hand, FIRST_LOAD),
        _at_most(
            f"a day upon {long.days} days, times one upon {short.days}",
            long.whole() / short.whole(),
            LONG_DAY,
        ),
        _at_most(f"a day upon {long.days} days", long.whole(), DAY_SECONDS, "s"),
        _at_most(
            f"a day of the shop itself, {lines_a_day:,} lines",
            median(run.whole for run in first.days),
            DAY_SECONDS,
            "s",
        ),
        _at_most(
            "a run with nothing new",
            median(run.whole for run in first.nothing_new),
            NOTHING_NEW_SECONDS,
            "s",
        ),
        _at_most(f"slowest card ({slowest.card})", slowest.seconds * 1000, LIMIT * 1000, "ms"),
        _at_most(f"largest Python process ({process})", peak, PYTHON_MB, "MB"),
    ]


def _lengths(histories: Sequence[History]) -> tuple[History, History]:
    """The histories of 30 days (else the first) and of the most."""
    short = next((each for each in histories if each.days == 30), histories[0])
    return short, max(histories, key=lambda each: each.days)


def _at_most(what: str, measured: float, limit: float, unit: str = "") -> Target:
    return Target(what, f"at most {_told(limit, unit)}", _told(measured, unit), measured <= limit)


def _at_least(what: str, measured: float, limit: float) -> Target:
    return Target(what, f"at least {_told(limit, '')}", _told(measured, ""), measured >= limit)


def _told(value: float, unit: str) -> str:
    digits = 2 if not unit else 0 if unit in ("ms", "MB") else 1
    return f"{value:.{digits}f} {unit}".strip()
