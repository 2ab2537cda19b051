"""A whole run over generated files: every point as the reference reckons it."""

from dataclasses import replace
from pathlib import Path

from seeds_generator import generate
from seeds_generator.presets import PRESETS
from tests.integration.pipeline.worlds import World
from tests.points import marts
from tests.points.accepted import accepted_shop
from tests.points.reference.account import accounts
from tests.points.reference.model import Settings


def test_points_of_generated_files_are_the_references(world: World, tmp_path: Path) -> None:
    shop = replace(PRESETS["small"], defect_rate=0.04, late_rate=0.1)
    generate(shop, tmp_path / "landing")
    world.run(tmp_path / "landing")
    assert_points(world)


def assert_points(world: World) -> None:
    """Every entry, lot, balance and tier is what the reference makes of the accepted rows."""
    shop, as_of = accepted_shop(world.rows)
    expected = list(accounts(shop, as_of, Settings()))
    assert any(account.entries for account in expected)
    marts.assert_equal(world, expected, as_of, "after a run")
