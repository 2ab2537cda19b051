"""Other people's files, in a warehouse of their own, against a plain second opinion."""

from pathlib import Path

import pytest

from tests.integration.pipeline.reference import Opinion, opinion
from tests.integration.pipeline.test_points import assert_points
from tests.integration.pipeline.worlds import World

TEAMS = Path(__file__).parents[4] / "shared" / "data" / "teams"
COUNTS = "select data_set, {} from ops.load_batches where status = 'validated'"

pytestmark = pytest.mark.skipif(not TEAMS.is_dir(), reason="../shared/data is not here")


@pytest.fixture(params=["team_a", "team_b", "team_c"])
def team(request: pytest.FixtureRequest, world: World) -> tuple[World, Opinion]:
    folder = TEAMS / request.param
    world.run(folder)
    return world, opinion(folder)


def test_team_files_come_out_as_an_independent_reading_says(team: tuple[World, Opinion]) -> None:
    world, expected = team

    def counts(column: str) -> dict[str, int]:
        return dict(world.rows(COUNTS.format(column)))

    assert counts("rows_read") == expected.read
    assert counts("rows_duplicate") == expected.duplicates
    assert counts("rows_rejected") == expected.rejected
    assert counts("rows_accepted") == expected.accepted
    assert set(counts("rows_malformed").values()) == {0}

    assert world.rejects() == dict(expected.rules)

    points = dict(
        world.rows("select customer_id, total_loyalty_points from marts.customer_details")
    )
    assert {c: p for c, p in points.items() if p} == {c: p for c, p in expected.points.items() if p}

    rfm = {
        row[0]: row[1:]
        for row in world.rows(
            "select customer_id, last_purchase_date, frequency, monetary from marts.customer_rfm"
        )
    }
    assert {c: row[1:] for c, row in rfm.items()} == {
        c: row[1:] for c, row in expected.purchases.items()
    }
    assert world.value("select business_date from clean.as_of") == expected.as_of
    assert_points(world)
