"""`make demo`, twice: the whole promise of the README on the embedded server."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_lens.settings import PROJECT_ROOT
from tests.integration.cli.lens import Lens


@pytest.fixture
def lens() -> Iterator[Lens]:
    # Not pytest's own folder: another session beside this one takes the search bit off its parent.
    folder = Path(tempfile.mkdtemp(prefix="loyalty lens "))
    home = folder / "a home with spaces"
    home.mkdir()
    lens = Lens(home)
    yield lens
    lens("--demo", "reset", "--yes")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_demo_tells_its_whole_story_and_a_second_one_changes_nothing(lens: Lens) -> None:
    first = lens.works("demo")
    for told in (
        "Files and rows",
        "Rejected, by rule",
        "Customers by value and engagement",
        "Points issued",
        "Top customers",
        "Seconds: ",
        "What to do next",
        "lens --demo preview",
        "lens --demo status",
        "lens run --landing DIR",
        "8 drops loaded in 4 runs",
    ):
        assert told in first
    second = lens.works("demo")
    assert "0 drops loaded in 1 run," in second

    def figures(output: str) -> list[str]:
        """The summary without the seconds."""
        lines = output.splitlines()
        return [line for line in lines if not line.startswith("Seconds") and "drops" not in line]

    assert figures(second) == figures(first)

    output = lens.dbt(
        "build",
        "--select",
        "as_of",
        cwd=PROJECT_ROOT / "dbt_project",
        LENS_DEMO_DATABASE="1",
        DBT_TARGET_PATH=str(lens.home / "target"),
        DBT_LOG_PATH=str(lens.home / "logs"),
    )
    assert "Completed successfully" in output
