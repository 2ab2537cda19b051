"""docs/sample_data is what the generator makes today."""

from pathlib import Path

from loyalty_lens.settings import PROJECT_ROOT
from seeds_generator import PRESETS, found
from seeds_generator.feed import PLAN
from seeds_generator.folder import MANIFEST

SAMPLE = PROJECT_ROOT / "docs" / "sample_data"
MEGABYTE = 1_000_000


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.csv")}


def test_the_sample_is_made_again_to_the_byte(tmp_path: Path) -> None:
    """Made anew by the command in its README; plan and manifest let it replace the files."""
    found(PRESETS["sample"], tmp_path)
    assert contents(SAMPLE) == contents(tmp_path)
    for name in (PLAN, MANIFEST):
        assert (SAMPLE / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_sample_is_seven_drops_for_200_customers_in_less_than_a_megabyte() -> None:
    files = contents(SAMPLE)
    assert len({name.split("/")[0] for name in files}) == 7
    assert sum(map(len, files.values())) < MEGABYTE
    assert PRESETS["sample"].customers == 200
