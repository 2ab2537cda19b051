"""Pushes that go wrong: one line that says what to do, and the next push completes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from loyalty_lens.errors import LensError, MetabaseError, SettingsError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from metabase.definition import read_definition
from metabase.provision.push import push
from metabase.provision.warehouse import NothingBuiltError
from tests.conftest import BI_PASSWORD, NewDatabase
from tests.dashboards.metabase_server import (
    Fault,
    MetabaseServer,
    dashboards,
    databases,
    permissions,
    routes,
)
from tests.dashboards.metabase_server.state import Kind, RefusalError
from tests.dashboards.pushing import EMAIL, PASSWORD, World, aimed_at

CARDS = {card.name for card in read_definition().cards.values()}


@pytest.fixture
def world(shop: Settings) -> Iterator[World]:
    """A Metabase that nobody has set up yet."""
    with MetabaseServer() as server:
        yield World(server, aimed_at(server, shop))


def refused(world: World, kind: type[LensError] = MetabaseError, **changed: Any) -> str:
    """The message of a push that must fail: one line, and no secret in it."""
    with pytest.raises(kind) as error:
        world.push(**changed)
    message = str(error.value)
    assert "\n" not in message
    for secret in (PASSWORD, BI_PASSWORD, *world.server.state.sessions):
        assert secret not in message
    return message


def test_a_metabase_that_still_starts_is_waited_for(world: World) -> None:
    world.server.break_with(Fault("503", path="/api/health", times=3))
    world.push()
    assert set(world.live_cards()) == CARDS


def test_health_alone_is_not_up(world: World) -> None:
    world.server.break_with(Fault("503", path="/api/session/properties", times=5))
    world.push()
    assert set(world.live_cards()) == CARDS


def test_a_metabase_that_never_comes_up_is_told_with_what_it_said(world: World) -> None:
    world.server.break_with(Fault("503", path="/api/health", times=1000))
    with pytest.raises(MetabaseError, match=r"not up after 1 s \(503 initializing\).*--wait"):
        push(world.settings, lambda _: None, wait=1)


def test_nothing_there_is_told(shop: Settings) -> None:
    with MetabaseServer() as server:
        settings = aimed_at(server, shop)
    with pytest.raises(MetabaseError, match=r"not up after 1 s .*refused.*METABASE_URL"):
        push(settings, lambda _: None, wait=1)


def test_a_wrong_password_is_one_line(world: World) -> None:
    world.push()
    message = refused(world, metabase_password="another-1")
    assert "401" in message
    assert "LENS_METABASE_PASSWORD" in message
    assert "another-1" not in message
    assert world.writes() == []


def test_a_password_that_metabase_finds_too_simple_is_told(world: World) -> None:
    message = refused(world, metabase_password="short")
    assert "too common" in message
    assert "LENS_METABASE_PASSWORD" in message


def test_an_api_key_needs_no_password(world: World) -> None:
    world.push()
    world.server.state.api_keys.add("mb_only_for_tests")
    key: dict[str, Any] = {
        "metabase_email": None,
        "metabase_password": None,
        "metabase_api_key": "mb_only_for_tests",
    }
    world.push(**key)
    assert "POST /api/session" not in [f"{e.method} {e.path}" for e in world.server.requests]
    assert world.writes() == []
    message = refused(world, **(key | {"metabase_api_key": "mb_unknown"}))
    assert "401" in message
    assert "mb_unknown" not in message


def test_an_api_key_alone_cannot_set_up(world: World) -> None:
    key: dict[str, Any] = {
        "metabase_email": None,
        "metabase_password": None,
        "metabase_api_key": "mb_key",
    }
    assert "LENS_METABASE_EMAIL" in refused(world, SettingsError, **key)


def test_a_set_up_metabase_that_still_shows_its_token_is_logged_in_to(world: World) -> None:
    world.push()
    world.server.state.setup_token = "still there"
    world.push()
    assert world.writes() == []


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ("metabase_url", "LENS_METABASE_URL"),
        ("metabase_email", "LENS_METABASE_EMAIL"),
        ("metabase_password", "LENS_METABASE_PASSWORD"),
        ("bi_password", "LENS_BI_PASSWORD"),
    ],
)
def test_a_missing_setting_is_named(world: World, missing: str, name: str) -> None:
    assert refused(world, SettingsError, **{missing: None}).startswith(f"{name} is not set")
    assert world.server.requests == []


@pytest.mark.parametrize("address", ["localhost:3000", "ftp://localhost", "http://"])
def test_an_address_that_is_none_is_told(world: World, address: str) -> None:
    assert "LENS_METABASE_URL" in refused(world, SettingsError, metabase_url=address)


@pytest.mark.parametrize("address", ["warehouse:port", "/warehouse", "a@b:1", "http://x:1"])
def test_a_warehouse_that_is_no_host_and_port_is_told(world: World, address: str) -> None:
    assert "LENS_METABASE_WAREHOUSE" in refused(world, SettingsError, metabase_warehouse=address)


def test_an_expired_session_is_renewed(world: World) -> None:
    world.server.break_with(Fault("expired session", path="/api/card.*", after=3))
    world.push()
    assert 401 in [each.status for each in world.server.requests]
    assert set(world.live_cards()) == CARDS
    world.push()
    assert world.writes() == []


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_a_read_is_tried_again(world: World, kind: Kind) -> None:
    world.push()
    world.server.break_with(Fault(kind, method="GET", path=r"/api/card/\d+", times=2))
    world.push()
    assert world.writes() == []


@pytest.mark.parametrize(
    "kind", ["500", "lost answer", pytest.param("reset", marks=pytest.mark.full)]
)
@pytest.mark.parametrize(
    ("method", "path", "after"),
    [
        ("POST", "/api/setup", 0),
        ("POST", "/api/database", 0),
        ("PUT", r"/api/field/\d+", 1),
        ("POST", "/api/collection", 0),
        ("POST", "/api/permissions/group", 0),
        ("PUT", "/api/collection/graph", 0),
        ("PUT", "/api/permissions/graph", 0),
        ("POST", "/api/card", 7),
        ("POST", "/api/dashboard", 0),
        ("PUT", r"/api/dashboard/\d+", 0),
        ("PUT", "/api/setting/custom-homepage", 0),
        ("PUT", "/api/setting/custom-homepage-dashboard", 0),
    ],
)
def test_an_interrupted_push_is_completed_by_the_next(
    world: World, method: str, path: str, after: int, kind: Kind
) -> None:
    world.server.break_with(Fault(kind, method=method, path=path, after=after))
    assert f"{method} {world.server.url}/api/" in refused(world)
    assert any(
        (each.method, each.status) in ((method, 500), (method, None))
        for each in world.server.requests
    )
    world.push()
    assert set(world.live_cards()) == CARDS
    assert len(world.server.state.cards) == len(CARDS)
    world.push()
    assert world.writes() == []
    assert world.server.state.settings["custom-homepage"] is True
    assert world.server.state.settings["custom-homepage-dashboard"] == world.dashboard["id"]


def test_a_dashboard_that_lacks_cards_when_read_back_fails_loudly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push()
    number = world.live_cards()["Revenue"]
    keep = dashboards._stored

    def losing(state: Any, board: Any, sent: Any, *rest: Any) -> Any:
        is_lost = sent["card_id"] == number
        return keep(state, board, {**sent, "card_id": None} if is_lost else sent, *rest)

    monkeypatch.setattr(dashboards, "_stored", losing)
    world.dashboard["description"] = "changed by hand"
    message = refused(world)
    wanted = len(read_definition().dashboards[0].tabs[0].card_keys())
    assert f"tab Overview: {wanted - 1} cards in Metabase, {wanted} in the definition" in message


def test_a_changed_password_of_the_warehouse_reaches_metabase(world: World) -> None:
    world.push()
    (database,) = world.server.state.databases.values()
    database["details"]["password"] = "of-last-year"
    world.push()
    assert world.writes() == [f"PUT /api/database/{database['id']}"]
    assert database["details"]["password"] == BI_PASSWORD
    world.push()
    assert world.writes() == []


def test_a_warehouse_that_moved_is_connected_anew(world: World) -> None:
    world.push()
    (database,) = world.server.state.databases.values()
    old = database["details"]["port"]
    world.push(metabase_warehouse=f"localhost:{old}")
    assert world.writes() == [f"PUT /api/database/{database['id']}"]
    assert database["details"]["host"] == "localhost"


def test_tls_that_metabase_turned_on_is_no_difference(world: World) -> None:
    world.push()
    (database,) = world.server.state.databases.values()
    assert database["details"]["ssl"] is False
    database["details"] |= {"ssl": True, "ssl-mode": "require"}
    with pytest.MonkeyPatch.context() as patch:  # the test server speaks no TLS
        patch.setattr(databases, "_tried", lambda details: details)
        world.push()
    assert world.writes() == []


def test_a_warehouse_that_metabase_cannot_reach_is_told(world: World) -> None:
    message = refused(world, metabase_warehouse="127.0.0.1:1")
    assert "127.0.0.1:1" in message
    assert "LENS_METABASE_WAREHOUSE" in message
    world.push()
    assert set(world.live_cards()) == CARDS


def test_a_secret_that_metabase_repeats_is_not_passed_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talkative(details: dict[str, Any]) -> dict[str, Any]:
        raise RefusalError(400, {"message": f"cannot open jdbc:...password={details['password']}"})

    monkeypatch.setattr(databases, "_tried", talkative)
    assert "cannot open jdbc:...password=***" in refused(world)


def test_marts_that_metabase_never_reads_are_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metabase.provision.warehouse.SYNC_SECONDS", 0.5)
    world.server.state.polls_until_synced = 1000
    assert "has not read marts." in refused(world)


def test_without_marts_metabase_is_connected_and_the_message_says_build(
    world: World, new_database: NewDatabase
) -> None:
    settings = replace(world.settings, database_url=new_database())
    empty = World(world.server, settings)
    message = refused(empty, NothingBuiltError)
    assert "build first (lens run" in message
    assert world.server.state.users == {EMAIL: PASSWORD}
    assert len(world.server.state.databases) == 1
    assert world.server.state.cards == {}


def test_marts_that_were_built_after_the_connection_are_read(world: World) -> None:
    world.push()
    tables = world.server.state.tables
    tables.update({number: [] for number in tables})  # as they were when Metabase last looked
    world.push()
    assert world.writes() == []
    assert all(tables.values())


def test_a_mart_that_lens_bi_may_not_read_counts_as_missing(
    shop: Settings, shop_database: str, world: World
) -> None:
    with connected(shop_database) as connection, connection.cursor() as cursor:
        cursor.execute("revoke select on marts.segment_summary from lens_bi")
    try:
        assert "no marts.segment_summary for lens_bi" in refused(world, NothingBuiltError)
    finally:
        with connected(shop_database) as connection, connection.cursor() as cursor:
            cursor.execute("grant select on marts.segment_summary to lens_bi")


def test_stale_permissions_are_told_and_the_next_push_sets_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push()
    world.server.state.collection_graph["1"]["5"] = "write"
    read = permissions.collection_graph

    def stale(state: Any, request: Any) -> Any:
        return {**read(state, request), "revision": 0}

    known = [(m, p, stale if each is read else each) for m, p, each in routes.ROUTES]
    with monkeypatch.context() as patch:
        patch.setattr(routes, "ROUTES", known)
        assert "409" in refused(world)
    world.push()
    assert world.writes() == ["PUT /api/collection/graph"]
