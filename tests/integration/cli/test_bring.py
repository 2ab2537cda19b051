"""`lens template` and `lens check` as a user calls them, before there is a warehouse."""

from pathlib import Path

from tests.integration.cli.lens import Lens


def test_templates_pass_the_strictest_check_and_nothing_is_left_behind(tmp_path: Path) -> None:
    lens = Lens(tmp_path / "home")
    working = tmp_path / "working"
    working.mkdir()
    lens.home = working  # where the command is called
    lens.works("template", "stores", "--out", "one")
    assert [path.name for path in (working / "one").iterdir()] == ["stores.csv"]
    lens.works("template", "--out", "all")
    assert "stores.csv exists and is not overwritten" in lens.refusal("template", "--out", "all")
    assert "'shops' is no data set; there are stores," in lens.refusal("template", "shops")
    output = lens.works("check", "all", "--strict")
    assert max(len(line) for line in output.splitlines()) <= 80
    assert "12 of 12 files would be loaded, 0 would not; 0 rows rejected." in output
    assert "next      lens run --landing all" in output
    assert not (tmp_path / "home").exists()
    (working / "all" / "stores.csv").write_text("store_id\nS01\n\n")
    (working / "all" / "points_events.csv").write_text("event_id\nE1\n")
    told = lens.refusal("check", "all")
    assert "would not be loaded: points_events.csv: line 1: required columns are missing" in told
