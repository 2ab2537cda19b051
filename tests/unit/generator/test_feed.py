"""A shop goes on in its folder: one more day, whole, once, and by the version that began it."""

from __future__ import annotations

import csv
import fcntl
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from seeds_generator import (
    PRESETS,
    FolderError,
    NoPlanError,
    Plan,
    feed,
    feed_until,
    found,
    generate,
    read_plan,
)
from seeds_generator.feed import PLAN
from seeds_generator.folder import LOCK, MANIFEST
from seeds_generator.version import VERSION

SHORT = replace(PRESETS["small"], history_days=5, days=1, ahead_days=4)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}


def test_the_next_day_is_what_it_would_have_been(tmp_path: Path) -> None:
    """`feed` goes on with the same world, late files of the days before included."""
    short = replace(PRESETS["small"], history_days=20, days=3, ahead_days=6, late_rate=0.3)
    fed = tmp_path / "fed"
    found(short, fed, truth=tmp_path / "truth")
    days = [feed(fed)[0] for _ in range(4)]
    assert days == [short.end + timedelta(days=n) for n in range(1, 5)]
    assert read_plan(fed).delivered == days[-1]
    alone = tmp_path / "alone"
    generate(short, alone, only_day=short.history_days + 1)
    name = str(short.last_history_day + timedelta(days=2))
    assert {path.name for path in alone.iterdir()} == {name}
    written = {path.name: path.read_bytes() for path in (alone / name).iterdir()}
    assert written == {path.name: path.read_bytes() for path in (fed / name).iterdir()}
    with (tmp_path / "truth" / "late_files.csv").open(encoding="utf-8", newline="") as stream:
        held = {row["file"] for row in csv.DictReader(stream) if row["is_delivered"] == "false"}
    assert held, "what was late at the end"
    assert held <= names(fed), "comes where the truth says"
    assert all(name.split("/")[0] > str(short.end) for name in held)


def test_a_schedule_feeds_the_days_up_to_its_own_and_a_hand_one_more(tmp_path: Path) -> None:
    shop = tmp_path / "shop"  # right below the landing folder, as in the containers
    found(SHORT, shop)
    two_later = SHORT.end + timedelta(days=2)
    assert feed_until(tmp_path, SHORT.end) == []
    assert feed_until(tmp_path, two_later) == [SHORT.end + timedelta(days=1), two_later]
    assert feed_until(tmp_path, None) == [two_later + timedelta(days=1)]
    assert (shop / str(two_later) / "store_sales_header.csv").exists()


def test_a_feed_that_was_stopped_is_taken_up_again(tmp_path: Path) -> None:
    options = replace(SHORT, ahead_days=1)
    found(options, tmp_path)
    day, _ = feed(tmp_path)
    before = (tmp_path / str(day) / "products.csv").read_bytes()
    Plan(options, options.end).save(tmp_path)  # as if it had been stopped before the last step
    assert feed(tmp_path)[0] == day
    assert (tmp_path / str(day) / "products.csv").read_bytes() == before
    with pytest.raises(NoPlanError, match="the plan ends"):
        feed(tmp_path)
    with pytest.raises(NoPlanError, match="not a folder of invented files"):
        feed(tmp_path / "elsewhere")


@pytest.mark.parametrize("version", [None, VERSION - 1, VERSION + 1])
def test_the_shop_of_another_version_does_not_go_on(tmp_path: Path, version: int | None) -> None:
    """Plans of the first version name none."""
    found(SHORT, tmp_path)
    content = json.loads((tmp_path / PLAN).read_text(encoding="utf-8"))
    assert content.pop("generator_version") == VERSION
    if version is not None:
        content["generator_version"] = version
    (tmp_path / PLAN).write_text(json.dumps(content), encoding="utf-8")
    before = names(tmp_path)
    for go_on in (feed, lambda folder: feed_until(folder, None)):
        with pytest.raises(NoPlanError) as error:
            go_on(tmp_path)
        assert f"made by version {version or 1} of the generator" in str(error.value)
        assert "lens generate a new shop" in str(error.value) and "\n" not in str(error.value)
    assert names(tmp_path) == before


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    """While one is at work; afterwards the folder is as it was."""
    found(SHORT, tmp_path)
    before = names(tmp_path)
    with (tmp_path / LOCK).open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for second in (
            lambda: feed(tmp_path),
            lambda: feed_until(tmp_path, None),
            lambda: found(SHORT, tmp_path, replace=True),
        ):
            with pytest.raises(FolderError, match="is at work there; wait for its end"):
                second()
    assert names(tmp_path) == before
    assert feed(tmp_path)[0] == SHORT.end + timedelta(days=1)


def test_a_second_shop_in_one_folder_is_refused_or_replaces_the_first(tmp_path: Path) -> None:
    """--replace takes away what was generated and fed, also what the new one does not have."""
    first = found(SHORT, tmp_path)
    feed(tmp_path)
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    noted = set((tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines())
    assert noted == names(tmp_path)
    with pytest.raises(FolderError, match="name an empty folder, or --replace"):
        found(SHORT, tmp_path)
    assert names(tmp_path) == noted
    later = replace(SHORT, end=SHORT.end + timedelta(days=30), days=0)
    second = found(later, tmp_path, replace=True)
    assert names(tmp_path) == {file.path.relative_to(tmp_path).as_posix() for file in second.files}
    assert not {file.path for file in first.files} & {file.path for file in second.files}
    assert {path.name for path in tmp_path.iterdir()} == {
        "history", "README.md", PLAN, LOCK, MANIFEST
    }  # fmt: skip
    assert read_plan(tmp_path).options.end == later.end


@pytest.mark.parametrize("strange", ["sales.csv", "history/stores_2020-01-01.csv.gz"])
def test_files_of_others_are_never_replaced(tmp_path: Path, strange: str) -> None:
    found(SHORT, tmp_path)
    (tmp_path / strange).write_text("mine", encoding="utf-8")
    before = names(tmp_path)
    with pytest.raises(FolderError, match="is not of lens generate"):
        found(SHORT, tmp_path, replace=True)
    assert names(tmp_path) == before
    assert (tmp_path / strange).read_text(encoding="utf-8") == "mine"


def test_what_a_stopped_generation_left_can_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found(SHORT, tmp_path, progress=stop)
    assert names(tmp_path)
    with pytest.raises(NoPlanError):
        feed(tmp_path)
    made = found(SHORT, tmp_path, replace=True)
    assert names(tmp_path) == {file.path.relative_to(tmp_path).as_posix() for file in made.files}
