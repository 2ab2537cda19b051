"""Every card as a reader of Metabase runs it: on the real warehouse, as lens_bi, every choice."""

from collections.abc import Iterator
from typing import Any

import pytest

from loyalty_lens.errors import MetabaseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Card, read_definition
from metabase.provision.access import identify
from metabase.provision.check import check
from metabase.provision.client import Metabase
from metabase.provision.target import Target
from tests.dashboards.chosen import as_metabase_sends, one_of_each
from tests.dashboards.metabase_server import MetabaseServer
from tests.dashboards.pushing import World, aimed_at, with_card, without_card

DEFINITION = read_definition()
CARDS = list(DEFINITION.cards.values())
KINDS = {each.id: each.type for board in DEFINITION.dashboards for each in board.filters}
REVENUE = "overview/revenue"


@pytest.fixture(scope="module")
def world(shop: Settings) -> Iterator[World]:
    """A Metabase onto which the definition was pushed."""
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push()
        yield world


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[Metabase]:
    """Logged in there."""
    with Metabase(world.server.url) as api:
        identify(api, Target.from_settings(world.settings))
        yield api


@pytest.fixture(scope="module")
def chosen(shop_database: str) -> dict[str, Any]:
    """A value for each filter."""
    with connected(shop_database) as connection:
        choices = one_of_each(connection, DEFINITION.dashboards[0])
    return {name: as_metabase_sends(choice) for name, choice in choices.items()}


def run(api: Metabase, world: World, card: Card, values: dict[str, Any]) -> dict[str, Any]:
    """The answer of Metabase to a card with these filters set."""
    parameters = [
        {"type": KINDS[name], "target": ["dimension", ["template-tag", name]], "value": value}
        for name, value in values.items()
        if name in card.filters
    ]
    number = world.live_cards()[card.name]
    answer: dict[str, Any] = api.post(f"/api/card/{number}/query", {"parameters": parameters})
    return answer


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_a_card_runs_bare_with_each_filter_and_with_all(
    world: World, api: Metabase, chosen: dict[str, Any], card: Card
) -> None:
    choices = [{}, *({name: chosen[name]} for name in card.filters), chosen]
    for values in choices:
        answer = run(api, world, card, values)
        assert answer["status"] == "completed", (values, answer.get("error"))
        assert [column["name"] for column in answer["data"]["cols"]] == list(card.columns)
        assert answer["row_count"] > 0


def test_filters_narrow_what_a_card_counts(
    world: World, api: Metabase, chosen: dict[str, Any], shop_database: str
) -> None:
    card = DEFINITION.cards[REVENUE]
    heard = {name: chosen[name] for name in card.filters}
    found = {
        name: run(api, world, card, values)["data"]["rows"][-1][1]
        for name, values in (
            ("all", {}),
            ("some", heard),
            *((name, {name: value}) for name, value in heard.items()),
        )
    }
    assert 0 < found["some"] < found["period"]
    assert max(found["store"], found["region"]) < found["all"]
    first, last = chosen["period"].split("~")
    with connected(shop_database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select sum(net_amount) filter (where calendar.is_recent),"
            " sum(net_amount) filter (where business_date between %s and %s)"
            " from marts.sales_daily inner join marts.calendar using (business_date)",
            (first, last),
        )
        assert tuple(map(float, cursor.fetchone() or ())) == (found["all"], found["period"])


@pytest.mark.parametrize(
    "value",
    ["past30days", "past12months~", "thisyear", "2026-01-05", "~2026-01-05", "2026-01-05~"],
)
def test_every_way_to_choose_a_period_is_answered(world: World, api: Metabase, value: str) -> None:
    answer = run(api, world, DEFINITION.cards["overview/sales_trend"], {"period": value})
    assert answer["status"] == "completed"


def test_an_apostrophe_in_a_choice_is_a_character(world: World, api: Metabase) -> None:
    answer = run(api, world, DEFINITION.cards[REVENUE], {"store": ["O'Hara's", '"; drop']})
    assert answer["data"]["rows"] == []


def test_cards_run_as_the_role_of_dashboards(world: World) -> None:
    (database,) = world.server.state.databases.values()
    assert database["details"]["user"] == "lens_bi"
    assert database["details"]["schema-filters-patterns"] == "marts"
    assert {table["schema"] for table in world.server.state.tables[database["id"]]} == {"marts"}


def test_check_runs_every_card_bare_and_with_each_filter(world: World) -> None:
    world.server.forget()
    checked = check(world.settings)
    assert checked.cards == len(CARDS)
    assert checked.queries == sum(1 + len(card.filters) for card in CARDS)
    assert world.writes() == []


def test_check_names_a_card_that_fails_and_why(shop: Settings) -> None:
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push(with_card(REVENUE, lambda card: card.model_copy(update={"sql": "select 1 / 0"})))
        with pytest.raises(MetabaseError, match=r"card Revenue .*division by zero"):
            check(world.settings)


def test_check_names_the_filter_under_which_a_card_fails(shop: Settings) -> None:
    sql = DEFINITION.cards[REVENUE].sql.replace(
        "[[and {{region}}]]", "[[and 1 / 0 = 1 and {{region}}]]"
    )
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push(with_card(REVENUE, lambda card: card.model_copy(update={"sql": sql})))
        with pytest.raises(
            MetabaseError, match=r"card Revenue .*filter region: .*division by zero"
        ):
            check(world.settings)


def test_check_names_a_card_whose_columns_are_others(shop: Settings) -> None:
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push()
        card = server.state.cards[world.live_cards()["High-Spenders"]]
        card["dataset_query"]["stages"][0]["native"] = "select 1 as other"
        with pytest.raises(
            MetabaseError, match=r"card High-Spenders .*'other'.*lens metabase push"
        ):
            check(world.settings)


def test_check_names_a_field_that_metabase_does_not_know(shop: Settings) -> None:
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push()
        card = server.state.cards[world.live_cards()["Active members"]]
        tags = card["dataset_query"]["stages"][0]["template-tags"]
        tags[0]["dimension"][2] = 999_999
        with pytest.raises(MetabaseError, match=r"Active members .*999999 does not exist"):
            check(world.settings)


def test_check_says_to_push_first(shop: Settings) -> None:
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        with pytest.raises(MetabaseError, match="not set up; lens metabase push"):
            check(world.settings)
        with pytest.raises(MetabaseError):
            world.push(metabase_warehouse="127.0.0.1:1")
        with pytest.raises(MetabaseError, match="no dashboard Loyalty Lens; lens metabase push"):
            check(world.settings)
        world.push(without_card(REVENUE))
        with pytest.raises(MetabaseError, match=r"tab Overview: \d+ cards in Metabase"):
            check(world.settings)
