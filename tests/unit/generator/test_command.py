"""`lens generate` refuses with one line that names what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from loyalty_lens.cli.generate import generate
from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings


def refusal(home: Path, *arguments: str) -> str:
    settings = Settings.from_environment({"LENS_HOME": str(home)})
    result = CliRunner().invoke(generate, arguments, obj=settings)
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
