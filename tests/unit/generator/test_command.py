"""`lens generate` refuses with one line that names what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

import seeds_generator
from loyalty_lens.cli.generate import feed, generate
from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings


def run(home: Path, *arguments: str, command: Command = generate) -> Result:
    settings = Settings.from_environment({"LENS_HOME": str(home)})
    return CliRunner().invoke(command, arguments, obj=settings)


def refusal(home: Path, *arguments: str) -> str:
    result = run(home, *arguments)
    assert isinstance(result.exception, SettingsError), result.exception
    return str(result.exception)


def test_the_folder_that_cannot_be_written_is_the_one_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    truth = tmp_path / "file" / "truth"
    small = ("--preset", "sample", "--out", str(tmp_path / "out"))
    assert f"{truth}: Not a directory" in refusal(tmp_path, *small, "--truth", str(truth))
    assert str(truth) in refusal(tmp_path, "--preset", "sample", "--out", str(truth))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--start", "9999-12-30"),
        ("--end", "9999-12-31", "--ahead-days", "5"),
        ("--ahead-days", "3000000"),
        ("--stores", "99999999999999"),
    ],
)
def test_days_beyond_the_calendar_and_more_than_the_memory_are_refused(
    tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    message = refusal(tmp_path, *wrong, "--out", str(tmp_path / "out"))
    assert message.startswith("lens generate: ") and "\n" not in message


def test_a_second_generation_into_one_folder_needs_a_word_for_it(tmp_path: Path) -> None:
    small = ("--preset", "sample", "--end", "2026-01-11", "--out", str(tmp_path / "out"))
    assert run(tmp_path, *small).exit_code == 0
    message = refusal(tmp_path, *small)
    assert message.startswith(f"lens generate: {tmp_path / 'out'}: data files lie there already")
    assert "--replace" in message and "\n" not in message
    assert run(tmp_path, *small, "--replace").exit_code == 0


def test_an_old_shop_is_not_fed(tmp_path: Path) -> None:
    seeds_generator.found(replace(seeds_generator.PRESETS["sample"], ahead_days=1), tmp_path)
    plan = replace(seeds_generator.read_plan(tmp_path), version=1)
    plan.save(tmp_path)
    result = run(tmp_path, "--landing", str(tmp_path), command=feed)
    assert isinstance(result.exception, SettingsError)
    assert str(result.exception).startswith(f"lens feed: {tmp_path}: made by version 1")


def test_the_bar_counts_the_days(tmp_path: Path) -> None:
    """The progress that the command draws: up to all of them, never back."""
    seen: list[tuple[int, int]] = []
    options = replace(seeds_generator.PRESETS["small"], days=3)
    seeds_generator.generate(options, tmp_path, progress=lambda *told: seen.append(told))
    assert seen == sorted(seen)
    assert seen[-1] == (63, 63) and len(seen) > 3
