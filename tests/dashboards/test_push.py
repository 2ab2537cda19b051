"""The whole push: onto nothing, again, and after the definition changed."""

from collections.abc import Iterator

import pytest

from loyalty_lens.settings import Settings
from metabase.definition import read_definition
from tests.dashboards.metabase_server import MetabaseServer
from tests.dashboards.pushing import World, aimed_at

DEFINITION = read_definition()


@pytest.fixture
def world(shop: Settings) -> Iterator[World]:
    """A Metabase that nobody has set up yet."""
    with MetabaseServer() as server:
        yield World(server, aimed_at(server, shop))


def test_a_push_onto_an_empty_metabase_brings_everything(world: World) -> None:
    done = world.push()
    assert world.server.dropped == []
    assert set(world.live_cards()) == {card.name for card in DEFINITION.cards.values()}
    assert done.report.created_count == len(DEFINITION.cards) + 5
    shown = [each["card_id"] for each in world.dashboard["dashcards"] if each["card_id"]]
    assert len(shown) == sum(len(tab.card_keys()) for tab in DEFINITION.dashboards[0].tabs)


def test_a_second_push_writes_nothing(world: World) -> None:
    world.push()
    done = world.push()
    assert world.writes() == []
    report = done.report
    assert (report.created_count, report.changed_count, report.archived_count) == (0, 0, 0)
