"""What `make bench` says of what it measured: targets, tables, the page with a section a scale."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.cards import Timed
from tests.bench.days import History
from tests.bench.hand_written.in_postgres import Taken
from tests.bench.running import STEPS, Run
from tests.bench.whole import tables
from tests.bench.whole.first_load import FirstLoad
from tests.bench.whole.landing import Landing
from tests.bench.whole.machine import Machine
from tests.bench.whole.report import Report, page, section
from tests.bench.whole.scale import SCALES, chosen
from tests.bench.whole.targets import Target, targets
from tests.bench.whole.ways import Ways

MACHINE = Machine(cores=2, memory=24, postgres="18.4", python="3.11.7", load=0.24)


def run(whole: float, **steps: float) -> Run:
    return Run(whole, {name: steps.get(name, 0.0) for name in STEPS}, {"sales": 4.0, "lines": 6.0})


def history(days: int, *seconds: float) -> History:
    runs = [run(each) for each in seconds]
    return History(days, {}, Path(), [], run(100.0), days * 1000, runs)


@pytest.fixture
def landing() -> Landing:
    return Landing(copy=[10.0, 11.0, 30.0], ingest=[12.0, 13.0, 50.0])


@pytest.fixture
def ways() -> Ways:
    return Ways([Taken(11.0, 29.0)], duckdb=[4.0], pandas=[40.0], memory={"in_pandas": 2000.0})


@pytest.fixture
def first() -> FirstLoad:
    return FirstLoad(
        runs=[run(240.0, validate=66.0, clean=20.0, marts=100.0, staging=2.0)],
        python={"cli.main": 90.0, "transform.runner": 400.0},
        server=800.0,
        shared=2048.0,
        nothing_new=[run(14.0), run(16.0), run(15.0)],
        layers={"raw": 3_000_000, "marts": 9_000_000},
        cards=[Timed(0.31, "points/balance", "no filter", 12), Timed(0.1, "a/b", "store", 1)],
        days=[run(59.0), run(61.0), run(60.0)],
    )


@pytest.fixture
def histories() -> list[History]:
    return [
        history(9, 8.0, 9.0, 10.0),
        history(30, 10.0, 20.0, 9.0),
        history(360, 13.1, 13.0, 90.0),
    ]


def judged(found: list[Target]) -> dict[str, tuple[str, bool]]:
    return {target.what: (target.measured, target.is_met) for target in found}


def test_medians_are_held_against_limits_which_may_be_reached(
    landing: Landing, ways: Ways, first: FirstLoad, histories: list[History]
) -> None:
    found = judged(targets(landing, ways, first, histories, 55_000))
    assert found == {
        "speed of ingest, of the bare copy's": ("0.85", True),
        "validate and route, bare copies": ("6.00", True),
        "first load, times the path by hand": ("6.00", True),
        "a day upon 360 days, times one upon 30": ("1.31", False),
        "a day upon 360 days": ("13.1 s", True),
        "a day of the shop itself, 55,000 lines": ("60.0 s", True),
        "a run with nothing new": ("15.0 s", True),
        "slowest card (points/balance)": ("310 ms", False),
        "largest Python process (transform.runner)": ("400 MB", True),
    }


def test_ingest_that_is_slower_than_four_fifths_of_the_copy_misses(
    landing: Landing, ways: Ways, first: FirstLoad, histories: list[History]
) -> None:
    slower = replace(landing, ingest=[14.0])
    missed = [target for target in targets(slower, ways, first, histories, 1) if not target.is_met]
    assert missed[0] == Target(
        "speed of ingest, of the bare copy's", "at least 0.80", "0.79", False
    )


def test_pipeline_and_other_ways_stand_side_by_side(
    landing: Landing, ways: Ways, first: FirstLoad
) -> None:
    _, *rows = tables.side_by_side(landing, ways, first).rows
    assert {row[0]: row[1:3] for row in rows} == {
        "bare copy of all files": ["11.00", "1.00"],
        "`lens ingest`": ["13.00", "1.18"],
        "validate and route": ["66.00", "6.00"],
        "final tables by hand, without the copy": ["29.00", "1.00"],
        "first full build (staging, clean, marts)": ["122.00", "4.21"],
        "by hand from the files to the final tables": ["40.00", "1.00"],
        "`lens run` upon nothing": ["240.00", "6.00"],
        "pandas, segments and what they need": ["40.00", "1.00"],
        "DuckDB, the tables by hand": ["4.00", "0.10"],
    }


def test_a_day_is_told_by_days_of_history(histories: list[History]) -> None:
    head, run_of_a_day, *_ = tables.days(histories).rows
    assert head == ["s, median", "9 days", "30 days", "360 days", "longest to shortest"]
    assert run_of_a_day == ["a day's run", "9.00", "10.00", "13.10", "1.46"]


def test_models_are_told_with_their_share(first: FirstLoad) -> None:
    _, *rows = tables.models(first).rows
    assert rows == [["`lines`", "6.0", "60.0%"], ["`sales`", "4.0", "40.0%"]]


def report(scale: str, is_met: bool = True) -> Report:
    wanted = [Target("first load", "at most 6.00", "5.00", is_met)]
    shown = [tables.Table("Disk", "In MB.", [["what", "MB"], ["raw", "1,200"]])]
    return Report(scale, dt.date(2026, 11, 28), MACHINE, "A shop.", wanted, shown)


def test_a_section_says_what_is_met_and_on_which_machine() -> None:
    assert (
        section(report("small", is_met=False))
        == f"""## small

2026-11-28, {MACHINE.told()}. A shop.

### Targets: 0 of 1 met

| what | target | measured |  |
| --- | --- | ---: | --- |
| first load | at most 6.00 | 5.00 | **missed** |

### Disk

In MB.

| what | MB |
| --- | ---: |
| raw | 1,200 |
"""
    )


def test_a_machine_is_told_by_its_size_and_what_else_it_did() -> None:
    assert MACHINE.told() == (
        "2 cores, 24 GB of memory, PostgreSQL 18.4, Python 3.11.7; load average 0.2 before it began"
    )


def test_a_new_section_takes_the_place_of_its_own_and_leaves_the_other() -> None:
    small, large = section(report("small")), section(report("large"))
    both = page(page("", large), small)
    assert both.index(small) < both.index(large)
    assert page(both, small) == both
    missed = section(report("large", is_met=False))
    renewed = page(both, missed)
    assert small in renewed
    assert missed in renewed
    assert large not in renewed


def test_a_scale_has_to_be_one_and_its_days_have_to_fit_on_the_disk(tmp_path: Path) -> None:
    assert chosen({}, tmp_path) == SCALES["small"]
    assert chosen({"BENCH_DAY_CUSTOMERS": "10"}, tmp_path).day_customers == 10
    with pytest.raises(SystemExit, match="choose small or large"):
        chosen({"BENCH_SCALE": "huge"}, tmp_path)
    with pytest.raises(SystemExit, match="BENCH_DAY_CUSTOMERS"):
        chosen({"BENCH_SCALE": "large", "BENCH_DAY_CUSTOMERS": "900000000"}, tmp_path)
