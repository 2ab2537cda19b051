"""The stand-in refuses what Metabase refuses, and answers in Metabase's shapes."""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from loyalty_lens.settings import PROJECT_ROOT, Settings
from tests.dashboards.metabase_server import Fault, MetabaseServer
from tests.dashboards.pushing import EMAIL, PASSWORD, SHARED, World, aimed_at

USER = {"email": EMAIL, "password": PASSWORD, "first_name": "A", "last_name": "L"}
RECORDED = SHARED / "recorded_responses" / "api"


@pytest.fixture
def fresh() -> Iterator[MetabaseServer]:
    """Nobody has set it up yet."""
    with MetabaseServer() as server:
        yield server


@pytest.fixture(scope="module")
def world(shop: Settings) -> Iterator[World]:
    """With a push on it; tests leave it as it was."""
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push()
        yield world


@pytest.fixture(scope="module")
def http(world: World) -> Iterator[httpx.Client]:
    """Logged in to that."""
    with httpx.Client(base_url=world.server.url) as http:
        account = {"username": EMAIL, "password": PASSWORD}
        session = http.post("/api/session", json=account).json()["id"]
        http.headers["X-Metabase-Session"] = session
        yield http


def set_up(server: MetabaseServer, **changed: Any) -> httpx.Response:
    """The first call of every Metabase."""
    token = httpx.get(f"{server.url}/api/session/properties").json()["setup-token"]
    body = {"token": token, "user": USER, "prefs": {"site_name": "Lens"}} | changed
    return httpx.post(f"{server.url}/api/setup", json=body)


def test_the_setup_token_serves_once(fresh: MetabaseServer) -> None:
    assert set_up(fresh, token=str(uuid.uuid4())).status_code == 400
    assert set_up(fresh, user=USER | {"password": "password"}).status_code == 400
    assert set_up(fresh).status_code == 200
    assert set_up(fresh, token="any").status_code == 403
    properties = httpx.get(f"{fresh.url}/api/session/properties").json()
    assert properties["setup-token"] is None
    assert properties["has-user-setup"] is True


def test_a_session_also_comes_as_a_cookie(fresh: MetabaseServer) -> None:
    session = set_up(fresh)
    assert session.cookies["metabase.SESSION"] == session.json()["id"]
    cookies = {"metabase.SESSION": session.json()["id"]}
    assert httpx.get(f"{fresh.url}/api/database", cookies=cookies).status_code == 200


def test_it_runs_by_itself_on_a_port() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.dashboards.metabase_server", "--port", "0"],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            assert httpx.get(f"{address}/api/health").json() == {"status": "ok"}
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 0


def test_without_a_session_nothing_is_told(fresh: MetabaseServer) -> None:
    set_up(fresh)
    for headers in ({}, {"X-Metabase-Session": "made up"}, {"X-API-KEY": "mb_made_up"}):
        assert httpx.get(f"{fresh.url}/api/database", headers=headers).status_code == 401
    wrong = {"username": EMAIL, "password": "wrong-1"}
    assert httpx.post(f"{fresh.url}/api/session", json=wrong).status_code == 401


def test_faults_strike_as_often_as_told(fresh: MetabaseServer) -> None:
    fresh.break_with(Fault("503", path="/api/health", after=1, times=2))
    statuses = [httpx.get(f"{fresh.url}/api/health").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    fresh.break_with(Fault("reset", path="/api/health"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{fresh.url}/api/health")
    assert [each.status for each in fresh.requests] == [200, 503, 503, 200, None]


def test_an_undeclared_key_is_dropped_and_told(world: World, http: httpx.Client) -> None:
    world.server.forget()
    made = http.post("/api/collection", json={"name": "X", "colour": "red"}).json()
    del world.server.state.collections[made["id"]]
    assert "colour" not in made
    assert world.server.dropped == ["POST /api/collection: colour"]


def test_a_connection_that_fails_is_refused(world: World, http: httpx.Client) -> None:
    (database,) = world.server.state.databases.values()
    body = {"name": "X", "engine": "postgres", "details": database["details"] | {"password": "no"}}
    answer = http.post("/api/database", json=body)
    assert answer.status_code == 400
    assert "password authentication failed" in answer.json()["message"]
    assert len(world.server.state.databases) == 1


def test_a_password_comes_back_masked_and_the_mask_keeps_it(
    world: World, http: httpx.Client
) -> None:
    (database,) = world.server.state.databases.values()
    password = database["details"]["password"]
    shown = http.get(f"/api/database/{database['id']}").json()
    assert shown["details"]["password"] == "**MetabasePass**"
    http.put(f"/api/database/{database['id']}", json={"details": shown["details"]})
    assert database["details"]["password"] == password


def test_a_sync_takes_some_polls_and_keeps_the_ids(world: World, http: httpx.Client) -> None:
    (number,) = world.server.state.databases
    before = http.get(f"/api/database/{number}/metadata").json()
    world.server.state.tables[number] = []
    http.post(f"/api/database/{number}/sync_schema")
    answers = [http.get(f"/api/database/{number}/metadata").json() for _ in range(2)]
    assert answers[0]["tables"] == []
    assert answers[1] == before


def test_metadata_are_what_lens_bi_sees(world: World, http: httpx.Client) -> None:
    (number,) = world.server.state.databases
    tables = http.get(f"/api/database/{number}/metadata").json()["tables"]
    columns = {
        f["name"]
        for table in tables
        for f in table["fields"]
        if table["name"] == "customer_details"
    }
    assert {"customer_id", "is_at_risk"} <= columns
    assert not {"email", "first_name", "customer_phone"} & columns
    described = [f for table in tables for f in table["fields"] if f["description"]]
    assert len(described) > 100


def test_a_card_comes_back_in_the_form_of_new_servers(world: World, http: httpx.Client) -> None:
    card = http.get(f"/api/card/{world.live_cards()['Revenue']}").json()
    tags = card["dataset_query"]["stages"][0]["template-tags"]
    assert isinstance(tags, list)
    assert all(uuid.UUID(tag["dimension"][1]["lib/uuid"]) for tag in tags)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"description": ""}, 400),
        ({"name": " "}, 400),
        ({"display": "speedometer"}, 400),
        ({"dataset_query": {}}, 500),
        ({"dataset_query": None}, 400),
        ({"collection_id": 999}, 404),
        ({"visualization_settings": None}, 400),
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_is_refused(
    world: World, http: httpx.Client, changed: dict[str, Any], status: int
) -> None:
    sent = next(each.body for each in _cards_sent(world))
    assert http.post("/api/card", json=sent | changed).status_code == status


def _cards_sent(world: World) -> Iterator[Any]:
    for card in world.server.state.cards.values():
        keys = ("name", "description", "display", "visualization_settings", "dataset_query")
        yield type("Sent", (), {"body": {key: card[key] for key in keys}})


def test_dashcards_are_compared_with_what_is_there(world: World, http: httpx.Client) -> None:
    board = http.post("/api/dashboard", json={"name": "Another"}).json()
    path = f"/api/dashboard/{board['id']}"
    revenue, archived = list(world.live_cards().values())[:2]
    place = {"row": 0, "col": 0, "size_x": 4, "size_y": 3}

    def put(dashcards: list[dict[str, Any]], tabs: list[dict[str, Any]]) -> httpx.Response:
        return http.put(path, json={"dashcards": dashcards, "tabs": tabs})

    new: list[dict[str, Any]] = [
        {"id": -1, "card_id": revenue, **place},
        {"id": -2, "card_id": None, **place},
    ]
    first = put(new, [{"id": -1, "name": "One"}]).json()
    assert [tab["name"] for tab in first["tabs"]] == ["One"]
    assert {each["dashboard_tab_id"] for each in first["dashcards"]} == {first["tabs"][0]["id"]}
    kept = first["dashcards"][0]
    sent = {"id": kept["id"], "card_id": revenue, "dashboard_tab_id": -1, **place}
    tabs = [{"id": -1, "name": "Two"}, {"id": -2, "name": "Three"}]
    again = put([sent], tabs).json()  # tab One goes, and takes its dashcards along
    assert len(again["dashcards"]) == 1
    assert again["dashcards"][0]["id"] != kept["id"]
    assert put([{**sent, "dashboard_tab_id": None}], tabs).status_code == 400
    assert put([sent, sent], tabs).status_code == 400
    assert put([{"id": -1, "card_id": revenue}], tabs).status_code == 400
    assert put([{"id": -1, **place}], tabs).status_code == 500
    world.server.state.cards[archived]["archived"] = True
    on_tab = {"id": -9, "card_id": archived, "dashboard_tab_id": -1, **place}
    assert put([on_tab], tabs).status_code == 404
    world.server.state.cards[archived]["archived"] = False
    del world.server.state.dashboards[board["id"]]


def test_a_failing_query_is_an_answer(world: World, http: httpx.Client) -> None:
    number = world.live_cards()["High-Spenders"]
    stage = world.server.state.cards[number]["dataset_query"]["stages"][0]
    sql = stage["native"]
    for text, told in (("select nothing", "does not exist"), ("select {{x}}", "missing"), (
        "delete from marts.customer_details", "permission denied|read-only")):  # fmt: skip
        stage["native"] = text
        answer = http.post(f"/api/card/{number}/query", json={})
        assert answer.status_code == 202
        assert answer.json()["status"] == "failed"
        assert any(each in answer.json()["error"] for each in told.split("|"))
    stage["native"] = sql
    assert http.post(f"/api/card/{number}/query", json={}).json()["status"] == "completed"


def test_a_filter_that_a_card_does_not_have_is_refused(world: World, http: httpx.Client) -> None:
    number = world.live_cards()["High-Spenders"]
    parameter = {"type": "string/=", "target": ["dimension", ["template-tag", "x"]], "value": ["a"]}
    answer = http.post(f"/api/card/{number}/query", json={"parameters": [parameter]})
    assert answer.status_code == 400


def test_graphs_want_the_revision_just_read(world: World, http: httpx.Client) -> None:
    for path in ("/api/permissions/graph", "/api/collection/graph"):
        graph = http.get(path).json()
        groups = {key: value for key, value in graph["groups"].items() if key != "2"}
        stale = {"revision": graph["revision"] - 1, "groups": groups}
        assert http.put(path, json=stale).status_code == 409
        assert http.put(path, json={**stale, "revision": graph["revision"]}).status_code == 200
        assert http.put(path, json={**graph, "revision": graph["revision"] + 1}).status_code == 400


def recorded(path: str) -> Any:
    """A real Metabase's answer."""
    return json.loads((RECORDED / path).read_text("utf-8"))


def unlike(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Keys that Metabase does not have, or has with another type."""
    return [
        key
        for key, value in ours.items()
        if key not in theirs
        or (None not in (value, theirs[key]) and type(value) is not type(theirs[key]))
    ]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers do not lie beside this folder")
def test_answers_have_the_shapes_of_recorded_ones(world: World, http: httpx.Client) -> None:
    (number,) = world.server.state.databases
    (collection,) = world.server.state.collections
    board = http.get(f"/api/dashboard/{world.dashboard['id']}").json()
    real_board = recorded("dashboard/2.json")
    table = http.get(f"/api/database/{number}/metadata").json()["tables"][0]
    real_table = recorded("database/2/metadata.json")["tables"][0]
    item = http.get(f"/api/collection/{collection}/items").json()["data"][0]
    card = http.get(f"/api/card/{world.live_cards()['Revenue']}").json()
    stage = card["dataset_query"]["stages"][0]
    real_card = recorded("card/29.json")
    database = http.get("/api/database").json()["data"][0]
    real_database = recorded("database.json")[0]
    pairs = [
        (database, real_database),
        (http.get("/api/collection").json()[0], recorded("collection.json")[0]),
        (http.get("/api/collection").json()[1], recorded("collection.json")[2]),
        (item, recorded("collection/3/items.json")[0]),
        (card, real_card),
        ({key: stage[key] for key in stage if key != "template-tags"},
         real_card["dataset_query"]["stages"][0]),
        (board, real_board),
        (board["dashcards"][-1], real_board["dashcards"][0]),
        (table, real_table),
        (table["fields"][0], real_table["fields"][0]),
    ]  # fmt: skip
    assert [unlike(ours, theirs) for ours, theirs in pairs] == [[]] * len(pairs)
    ours, theirs = database["details"], real_database["details"]
    assert unlike({k: v for k, v in ours.items() if k != "schema-filters-patterns"}, theirs) == []
