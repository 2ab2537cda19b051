"""A push keeps to its own: what others made stays, and who may see what is settled once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from loyalty_lens.errors import MetabaseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url
from metabase.provision.client import Metabase
from tests.dashboards.metabase_server import MetabaseServer
from tests.dashboards.pushing import EMAIL, PASSWORD, World, aimed_at


@pytest.fixture
def world(shop: Settings) -> Iterator[World]:
    """A Metabase that nobody has set up yet."""
    with MetabaseServer() as server:
        yield World(server, aimed_at(server, shop))


@pytest.fixture
def pushed(world: World) -> World:
    """The same after a push."""
    world.push()
    return world


def by_hand(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What an administrator makes in the browser."""
    with Metabase(world.server.url) as api:
        session = api.post("/api/session", {"username": EMAIL, "password": PASSWORD})
        api.authenticate({"X-Metabase-Session": session["id"]}, None)
        made: dict[str, Any] = api.post(path, body)
    return made


def a_card(world: World, collection: int | None) -> dict[str, Any]:
    """A question of somebody else's."""
    (database,) = world.server.state.databases
    stage = {"lib/type": "mbql.stage/native", "native": "select 1", "template-tags": {}}
    query = {"lib/type": "mbql/query", "database": database, "stages": [stage]}
    return by_hand(
        world,
        "/api/card",
        {
            "name": "Revenue",
            "dataset_query": query,
            "display": "scalar",
            "visualization_settings": {},
            "collection_id": collection,
        },
    )


def test_what_others_made_is_left_alone(pushed: World) -> None:
    collection = by_hand(pushed, "/api/collection", {"name": "Own questions"})
    inside = by_hand(
        pushed,
        "/api/collection",
        {"name": "Loyalty Lens", "parent_id": collection["id"]},
    )
    cards = [a_card(pushed, place) for place in (None, collection["id"], inside["id"])]
    board = by_hand(pushed, "/api/dashboard", {"name": "Loyalty Lens"})
    state = pushed.server.state
    before = repr([state.cards[each["id"]] for each in cards] + [state.dashboards[board["id"]]])
    pushed.push()
    assert pushed.writes() == []
    after = repr([state.cards[each["id"]] for each in cards] + [state.dashboards[board["id"]]])
    assert after == before


def test_what_others_save_into_the_owned_collection_is_archived(pushed: World) -> None:
    (collection,) = pushed.server.state.collections
    card = a_card(pushed, collection)
    report = pushed.push().report
    assert report.archived_count == 1
    assert pushed.server.state.cards[card["id"]]["archived"]
    assert (
        "archives whatever else lies here"
        in pushed.server.state.collections[collection]["description"]
    )
    pushed.push()
    assert pushed.writes() == []


def test_a_collection_of_that_name_that_somebody_else_made_is_not_taken(world: World) -> None:
    with pytest.raises(MetabaseError):
        world.push(metabase_warehouse="127.0.0.1:1")  # set up, and no further
    by_hand(world, "/api/collection", {"name": "Loyalty Lens", "description": "Mine."})
    with pytest.raises(MetabaseError, match="collection Loyalty Lens is there that lens did not"):
        world.push()
    assert world.server.state.cards == {}


def test_a_collection_of_that_name_inside_another_is_no_obstacle(world: World) -> None:
    with pytest.raises(MetabaseError):
        world.push(metabase_warehouse="127.0.0.1:1")
    parent = by_hand(world, "/api/collection", {"name": "Departments"})
    inside = by_hand(world, "/api/collection", {"name": "Loyalty Lens", "parent_id": parent["id"]})
    world.push()
    assert {card["collection_id"] for card in world.server.state.cards.values()} == {
        inside["id"] + 1
    }


def test_the_demo_has_a_database_and_a_collection_of_its_own(
    pushed: World, shop_database: str
) -> None:
    own = pushed.live_cards()
    demo = World(pushed.server, replace(pushed.settings, demo=True, database_url=shop_database))
    # The demo's database is the shop's under another name: here the same one, reached directly.
    url = bi_url(pushed.settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("metabase.provision.target.bi_url", lambda _settings: url)
        demo.push()
        demo.push()
    assert demo.writes() == []
    names = [each["name"] for each in pushed.server.state.collections.values()]
    assert names == ["Loyalty Lens", "Loyalty Lens (demo)"]
    assert [e["name"] for e in pushed.server.state.databases.values()] == names
    assert len(pushed.server.state.cards) == 2 * len(own)
    first, second = pushed.server.state.dashboards
    assert pushed.server.state.settings["custom-homepage-dashboard"] == first
    # Had the demo come first, the real dashboard would have taken its place.
    pushed.server.state.settings["custom-homepage-dashboard"] = second
    pushed.push()
    assert pushed.server.state.settings["custom-homepage-dashboard"] == first


def test_the_dashboard_is_the_home_page_unless_another_was_chosen(pushed: World) -> None:
    state = pushed.server.state
    (number,) = state.dashboards
    assert state.settings["custom-homepage"] is True
    assert state.settings["custom-homepage-dashboard"] == number
    chosen = by_hand(pushed, "/api/dashboard", {"name": "The week"})["id"]
    state.settings["custom-homepage-dashboard"] = chosen
    pushed.push()
    assert pushed.writes() == []
    assert state.settings["custom-homepage-dashboard"] == chosen
    del state.dashboards[chosen]
    pushed.push()
    assert state.settings["custom-homepage-dashboard"] == number


def test_viewers_read_the_collection_and_nobody_else_writes_sql(pushed: World) -> None:
    state = pushed.server.state
    (collection,), (database,) = state.collections, state.databases
    (group,) = (n for n, name in state.groups.items() if name == "Loyalty Lens viewers")
    assert state.collection_graph[str(group)] == {str(collection): "read"}
    assert state.collection_graph["1"] == {"root": "write", str(collection): "none"}
    for each in ("1", str(group)):
        assert state.data_graph[each][str(database)]["create-queries"] == "no"
    assert state.data_graph["2"][str(database)]["create-queries"] == "query-builder-and-native"


def test_permissions_of_others_stay_as_they_are(pushed: World) -> None:
    state = pushed.server.state
    state.groups[77] = "Finance"
    state.data_graph["77"] = {"2": {"view-data": "unrestricted", "create-queries": "query-builder"}}
    state.data_graph["1"]["99"] = {"view-data": "unrestricted", "create-queries": "query-builder"}
    state.collection_graph["77"] = {"root": "read", "5": "write"}
    state.data_graph["1"]["2"]["create-queries"] = "query-builder-and-native"
    pushed.push()
    assert pushed.writes() == ["PUT /api/permissions/graph"]
    (sent,) = (each.body["groups"] for each in pushed.server.writes)
    assert set(sent) == set(state.data_graph) - {"2"}  # whole: a part may not mean the same
    assert set(sent["1"]) == {"2", "99"}
    assert state.data_graph["1"]["2"]["create-queries"] == "no"
    assert state.data_graph["77"]["2"]["create-queries"] == "query-builder"
    assert state.data_graph["1"]["99"]["create-queries"] == "query-builder"
    assert state.collection_graph["77"] == {"root": "read", "5": "write"}
