"""Every request of a push against Metabase's own description of its API."""

import copy
import json
from typing import Any

import pytest

from loyalty_lens.settings import Settings
from metabase.provision.check import check
from tests.dashboards.contract import problems
from tests.dashboards.metabase_server import MetabaseServer, Recorded
from tests.dashboards.pushing import SHARED, World, aimed_at, without_card

needs_description = pytest.mark.skipif(
    not SHARED.is_dir(), reason="Metabase's description of its API does not lie beside this folder"
)


@pytest.fixture(scope="module")
def requests(shop: Settings) -> list[Recorded]:
    """First push, changed definition, removed card, changed password, check: every kind of call."""
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        seen: list[Recorded] = []
        for definition in (None, without_card("overview/revenue"), None):
            world.push(definition)
            seen += server.requests
        for database in server.state.databases.values():
            database["details"]["dbname"] += "_gone"
        for number in server.state.described:
            server.state.described[number] = "Of another release."
        server.forget()
        world.push(currency="SEK")
        check(world.settings)
        assert server.dropped == []
        return seen + server.requests


@needs_description
def test_every_body_fits_what_metabase_describes(requests: list[Recorded]) -> None:
    found = [
        problem for each in requests for problem in problems(each.method, each.path, each.body)
    ]
    assert found == []
    kinds = {(each.method, each.path.split("/")[2]) for each in requests}
    assert kinds >= {
        *(("POST", each) for each in ("setup", "session", "database", "collection", "card")),
        *(("PUT", each) for each in ("database", "card", "dashboard", "field", "table")),
        ("PUT", "setting"),
        *(("PUT", each) for each in ("permissions", "collection")),
    }


@needs_description
@pytest.mark.parametrize(
    ("path", "spoil"),
    [
        ("/api/card", lambda body: body.update(colour="red")),
        ("/api/card", lambda body: body.update(description="")),
        ("/api/card", lambda body: _tag(body).pop("id")),
        ("/api/card", lambda body: _tag(body).update(dimension=["field", 7, None])),
        ("/api/dashboard/", lambda body: body["dashcards"][0].update(tab=1)),
        ("/api/dashboard/", lambda body: body["dashcards"][0].pop("size_x")),
        ("/api/dashboard/", lambda body: body["parameters"][0].pop("slug")),
        ("/api/database", lambda body: body.pop("engine")),
        ("/api/setup", lambda body: body["user"].pop("password")),
        ("/api/field/", lambda body: body.update(semantic_type="type/Kategory")),
        ("/api/table/", lambda body: body.update(description=7)),
    ],
)
def test_the_descriptions_find_a_slip(requests: list[Recorded], path: str, spoil: Any) -> None:
    bodies = [
        e for e in requests if e.is_write and e.path.startswith(path) and "graph" not in e.path
    ]
    with_tags = [each for each in bodies if "template-tags" in json.dumps(each.body)]
    wanted = [e for e in with_tags or bodies if path != "/api/dashboard/" or "dashcards" in e.body]
    each = next(e for e in wanted if path != "/api/card" or _tags(e.body))
    body = copy.deepcopy(each.body)
    assert problems(each.method, each.path, body) == []
    spoil(body)
    assert problems(each.method, each.path, body)


def _tags(body: dict[str, Any]) -> dict[str, Any]:
    tags: dict[str, Any] = body["dataset_query"]["stages"][0]["template-tags"]
    return tags


def _tag(body: dict[str, Any]) -> dict[str, Any]:
    tag: dict[str, Any] = next(iter(_tags(body).values()))
    return tag
