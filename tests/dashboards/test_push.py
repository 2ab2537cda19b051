"""The whole push: onto nothing, again, and after the definition changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Card, Dashboard, read_definition
from tests.dashboards.metabase_server import MetabaseServer
from tests.dashboards.pushing import World, aimed_at, with_card, with_dashboard, without_card

DEFINITION = read_definition()
(DASHBOARD,) = DEFINITION.dashboards
REVENUE = "overview/revenue"
KINDS = {each.id: each.type for each in DASHBOARD.filters}


@pytest.fixture
def world(shop: Settings) -> Iterator[World]:
    """A Metabase onto which the definition was pushed once."""
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        world.push()
        yield world


def test_a_push_onto_an_empty_metabase_brings_everything(shop: Settings) -> None:
    with MetabaseServer() as server:
        world = World(server, aimed_at(server, shop))
        done = world.push()
    assert server.dropped == []
    assert set(world.live_cards()) == {card.name for card in DEFINITION.cards.values()}
    assert done.addresses == [f"{server.url}/dashboard/{world.dashboard['id']}"]
    assert [tab["name"] for tab in world.dashboard["tabs"]] == [tab.name for tab in DASHBOARD.tabs]
    assert world.dashboard["width"] == "full"
    assert world.dashboard["auto_apply_filters"]
    drawn = [tab.card_keys() for tab in DASHBOARD.tabs]
    for tab, keys in zip(world.dashboard["tabs"], drawn, strict=True):
        shown = [e for e in world.dashboard["dashcards"] if e["dashboard_tab_id"] == tab["id"]]
        ids = [each["card_id"] for each in shown if each["card_id"]]
        assert ids == [done.cards[key] for key in keys]
    # administrator, database, collection, group, dashboard beside the cards
    assert done.report.created_count == len(DEFINITION.cards) + 5


def test_a_second_push_writes_nothing(world: World) -> None:
    done = world.push()
    assert world.writes() == []
    report = done.report
    assert (report.created_count, report.changed_count, report.archived_count) == (0, 0, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"description": "Another meaning."},
        {"sql": DEFINITION.cards[REVENUE].sql.replace("sum(", "2 * sum(")},
        {"display": "table"},
        {"columns": {"revenue": DEFINITION.cards[REVENUE].columns["revenue"].model_copy(
            update={"decimals": 2}
        )}},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_an_edited_card_is_one_put(world: World, changed: dict[str, object]) -> None:
    number = world.live_cards()["Revenue"]
    edited = with_card(REVENUE, lambda card: card.model_copy(update=changed))
    report = world.push(edited).report
    assert world.writes() == [f"PUT /api/card/{number}"]
    assert (report.created_count, report.changed_count, report.archived_count) == (0, 1, 0)
    world.push(edited)
    assert world.writes() == []


def test_another_filter_column_is_one_put(world: World) -> None:
    def by_region(card: Card) -> Card:
        return card.model_copy(
            update={"filters": {**card.filters, "store": "marts.store_details.store_region"}}
        )

    world.push(with_card(REVENUE, by_region))
    assert world.writes() == [f"PUT /api/card/{world.live_cards()['Revenue']}"]


def test_another_currency_changes_the_cards_that_show_money(world: World) -> None:
    world.push(currency="SEK")
    other = read_definition(currency="SEK").cards
    money = [
        key
        for key, card in DEFINITION.cards.items()
        if card != other[key] or any(each.format == "money" for each in card.columns.values())
    ]
    assert len(world.writes()) == len(money) > 0
    assert all(each.startswith("PUT /api/card/") for each in world.writes())


def test_a_removed_card_is_archived_and_nothing_else_moves(world: World) -> None:
    before = world.dashcard_ids()
    number = world.live_cards()["Revenue"]
    report = world.push(without_card(REVENUE)).report
    assert world.writes() == [
        f"PUT /api/dashboard/{world.dashboard['id']}",
        f"PUT /api/card/{number}",
    ]
    assert report.archived_count == 1
    assert world.server.state.cards[number]["archived"]
    left = {key: card for key, card in before.items() if card != number}
    assert world.dashcard_ids() == left
    assert len(before) == len(left) + 1


def test_a_card_that_comes_back_is_there_again(world: World) -> None:
    world.push(without_card(REVENUE))
    world.push()
    assert set(world.live_cards()) == {card.name for card in DEFINITION.cards.values()}
    assert world.live_cards()["Revenue"] in world.dashcard_ids().values()


def test_a_moved_card_keeps_its_dashcard(world: World) -> None:
    before = world.dashcard_ids()

    def swapped(board: Dashboard) -> Dashboard:
        first, *others = board.tabs
        rows = tuple(
            row.model_copy(update={"items": tuple(reversed(row.items))}) for row in first.rows
        )
        return board.model_copy(update={"tabs": (first.model_copy(update={"rows": rows}), *others)})

    places = {each["id"]: each["col"] for each in world.dashboard["dashcards"]}
    world.push(with_dashboard(swapped))
    assert world.writes() == [f"PUT /api/dashboard/{world.dashboard['id']}"]
    assert world.dashcard_ids() == before
    assert places != {each["id"]: each["col"] for each in world.dashboard["dashcards"]}


def test_a_card_on_another_tab_keeps_its_dashcard(world: World) -> None:
    before = world.dashcard_ids()

    def moved(board: Dashboard) -> Dashboard:
        first, second, *others = board.tabs
        place = next(
            n for n, row in enumerate(first.rows) if any(e.card == REVENUE for e in row.items)
        )
        row = first.rows[place]
        kept = tuple(item for item in row.items if item.card != REVENUE)
        gone = tuple(item for item in row.items if item.card == REVENUE)
        rows = [*first.rows]
        rows[place] = row.model_copy(update={"items": kept})
        added = row.model_copy(update={"items": gone})
        return board.model_copy(
            update={
                "tabs": (
                    first.model_copy(update={"rows": tuple(rows)}),
                    second.model_copy(update={"rows": (*second.rows, added)}),
                    *others,
                )
            }
        )

    world.push(with_dashboard(moved))
    assert world.writes() == [f"PUT /api/dashboard/{world.dashboard['id']}"]
    assert world.dashcard_ids() == before


def test_a_renamed_tab_and_an_edited_text_keep_their_ids(world: World) -> None:
    tabs = [tab["id"] for tab in world.dashboard["tabs"]]
    dashcards = {each["id"] for each in world.dashboard["dashcards"]}

    def renamed(board: Dashboard) -> Dashboard:
        first, *others = board.tabs
        heading = first.rows[0].items[0].model_copy(update={"heading": "Another heading"})
        rows = (first.rows[0].model_copy(update={"items": (heading,)}), *first.rows[1:])
        first = first.model_copy(update={"name": "Another name", "rows": rows})
        return board.model_copy(update={"tabs": (first, *others)})

    world.push(with_dashboard(renamed))
    assert world.writes() == [f"PUT /api/dashboard/{world.dashboard['id']}"]
    assert [tab["id"] for tab in world.dashboard["tabs"]] == tabs
    assert world.dashboard["tabs"][0]["name"] == "Another name"
    assert {each["id"] for each in world.dashboard["dashcards"]} == dashcards


def test_a_tab_that_left_takes_its_cards_along(world: World) -> None:
    def without_last(board: Dashboard) -> Dashboard:
        return board.model_copy(update={"tabs": board.tabs[:-1]})

    world.push(with_dashboard(without_last))
    names = [tab.name for tab in DASHBOARD.tabs]
    assert [tab["name"] for tab in world.dashboard["tabs"]] == names[:-1]
    assert len(world.dashcard_ids()) == sum(len(tab.card_keys()) for tab in DASHBOARD.tabs[:-1])
    world.push()
    assert len(world.dashboard["tabs"]) == len(names)


def test_a_click_leads_to_the_tab_by_its_id(world: World) -> None:
    tabs = {tab["name"]: tab["id"] for tab in world.dashboard["tabs"]}
    number = world.live_cards()["The list"]
    (dashcard,) = [e for e in world.dashboard["dashcards"] if e["card_id"] == number]
    linked = dashcard["visualization_settings"]["column_settings"]['["name","customer_id"]']
    behaviour = linked["click_behavior"]
    assert (behaviour["type"], behaviour["linkType"]) == ("link", "dashboard")
    assert behaviour["targetId"] == world.dashboard["id"]
    assert behaviour["tabId"] == tabs["Customer"] > 0
    assert behaviour["parameterMapping"]["customer"]["source"]["name"] == "customer_id"
    number = world.live_cards()["Categories"]
    (dashcard,) = [e for e in world.dashboard["dashcards"] if e["card_id"] == number]
    linked = dashcard["visualization_settings"]["column_settings"]['["name","category"]']
    assert linked["click_behavior"]["type"] == "crossfilter"


def test_a_card_changed_by_hand_is_put_right(world: World) -> None:
    card = world.server.state.cards[world.live_cards()["Revenue"]]
    settings = card["visualization_settings"]
    card["visualization_settings"] = {**settings, "scalar.decimals": 7}
    world.push()
    assert world.writes() == [f"PUT /api/card/{card['id']}"]
    assert card["visualization_settings"] == settings


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "description", "By hand."),
        ((), "width", "fixed"),
        ((), "auto_apply_filters", False),
        (("parameters", 2), "filteringParameters", ["period"]),
        (("parameters", 1), "name", "Area"),
        (("parameters", 0), "default", "past30days"),
        (("tabs", 0), "name", "By hand"),
        (("dashcards", 0, "visualization_settings"), "text", "By hand"),
        (("dashcards", "listening"), "size_x", 1),
        (("dashcards", "listening"), "size_y", 1),
        (("dashcards", "listening"), "row", 40),
        (("dashcards", "listening"), "col", 20),
        (("dashcards", "listening"), "parameter_mappings", []),
        (("dashcards", "listening"), "visualization_settings", {"card.title": "By hand"}),
        (("dashcards", "listening", "parameter_mappings", 0, "target", 1), 1, "region"),
    ],
    ids=str,
)
def test_a_dashboard_changed_by_hand_is_put_right(
    world: World, place: tuple[str | int, ...], key: str | int, value: Any
) -> None:
    before = json.dumps(_without_order(world.dashboard))
    listening = next(e for e in world.dashboard["dashcards"] if e["parameter_mappings"])
    part: Any = world.dashboard
    for step in place:
        part = listening if step == "listening" else part[step]
    part[key] = value
    world.push()
    assert world.writes() == [f"PUT /api/dashboard/{world.dashboard['id']}"]
    assert json.dumps(_without_order(world.dashboard)) == before


def _without_order(dashboard: dict[str, Any]) -> dict[str, Any]:
    cards = sorted(dashboard["dashcards"], key=lambda each: int(each["id"]))
    return {key: dashboard[key] for key in sorted(dashboard) if key != "dashcards"} | {
        "dashcards": [dict(sorted(each.items())) for each in cards]
    }


def test_what_a_server_adds_to_an_answer_is_no_difference(world: World) -> None:
    for dashcard in world.dashboard["dashcards"]:
        dashcard |= {"inline_parameters": None, "action_id": None, "created_at": "2026-01-01"}
        for mapping in dashcard["parameter_mappings"]:
            mapping["target"] = [*mapping["target"], {"stage-number": 0}]
    for parameter in world.dashboard["parameters"]:
        parameter |= {"isMultiSelect": True, "values_source_config": {}, "default": None}
    for card in world.server.state.cards.values():
        (stage,) = card["dataset_query"]["stages"]
        stage["template-tags"] = stage["template-tags"][::-1]
        for tag in stage["template-tags"]:
            tag["dimension"][1]["base-type"] = "type/Text"
    world.push()
    assert world.writes() == []


def test_filters_are_wired_to_every_card_that_listens(world: World) -> None:
    parameters = {each["id"]: each for each in world.dashboard["parameters"]}
    assert parameters["store"]["filteringParameters"] == ["region"]
    assert "filteringParameters" not in parameters["region"]
    names = {number: name for name, number in world.live_cards().items()}
    listening = {card.name: set(card.filters) for card in DEFINITION.cards.values()}
    for dashcard in world.dashboard["dashcards"]:
        heard = {each["parameter_id"] for each in dashcard["parameter_mappings"]}
        assert heard == listening.get(names.get(dashcard["card_id"], ""), set())


def test_a_drop_down_lists_the_column_and_is_limited_by_another_filter(world: World) -> None:
    from metabase.provision.access import identify
    from metabase.provision.client import Metabase
    from metabase.provision.target import Target

    with Metabase(world.server.url) as api:
        identify(api, Target.from_settings(world.settings))
        path = f"/api/dashboard/{world.dashboard['id']}/params"
        regions = [value for (value,) in api.get(f"{path}/region/values")["values"]]
        stores = [value for (value,) in api.get(f"{path}/store/values")["values"]]
        some = api.get(f"{path}/store/values", region=regions[0])["values"]
    assert len(stores) == 5
    assert 0 < len(some) < len(stores)
    listed = list(world.server.state.fields.values())
    assert {"semantic_type": "type/Category", "has_field_values": "list"} in listed
    acted_on = {
        column
        for card in DEFINITION.cards.values()
        for name, column in card.filters.items()
        if KINDS[name].startswith("string/")
    }
    assert len(listed) == len(acted_on)


def test_descriptions_of_dbt_arrive_and_stay(world: World, shop_database: str) -> None:
    """Metabase takes a comment over once; a changed one is brought by the next push."""
    described = world.server.state.described
    number = world.server.state.known
    (database,) = world.server.state.databases
    table = number[database, "marts", "sales_daily"]
    column = number[database, "marts", "sales_daily", "net_amount"]
    before = described[table], described[column]
    assert before[0].startswith("One row per") and before[1]
    comment = "comment on column marts.sales_daily.net_amount is %s"
    with connected(shop_database) as owner, owner.cursor() as cursor:
        cursor.execute(comment, ("It's 100 % new",))
    try:
        report = world.push().report
        assert world.writes() == [f"PUT /api/field/{column}"]
        assert (report.changed_count, described[column]) == (1, "It's 100 % new")
        assert described[table] == before[0]
    finally:
        with connected(shop_database) as owner, owner.cursor() as cursor:
            cursor.execute(comment, (before[1],))
    described[table] = "By hand"
    world.push()
    assert world.writes() == [f"PUT /api/table/{table}", f"PUT /api/field/{column}"]
    assert (described[table], described[column]) == before
    world.push()
    assert world.writes() == []


def test_money_names_its_currency_and_shares_are_per_cent(world: World) -> None:
    cards = world.server.state.cards
    revenue = cards[world.live_cards()["Revenue"]]["visualization_settings"]
    assert revenue["scalar.field"] == "revenue"
    assert revenue["column_settings"]['["name","revenue"]'] == {
        "column_title": "Revenue",
        "number_style": "currency",
        "currency": "EUR",
        "currency_style": "code",
        "decimals": 0,
    }
    trend = cards[world.live_cards()["Sales trend"]]["visualization_settings"]["column_settings"]
    assert trend['["name","day"]']["date_style"] == "YYYY/M/D"
    segments = cards[world.live_cards()["The 12 segments"]]["visualization_settings"]
    assert segments["column_settings"]['["name","customer_share"]']["number_style"] == "percent"
    assert segments["column_settings"]['["name","customers"]']["show_mini_bar"]
    columns = DEFINITION.cards["segments/value_segments"].columns
    assert [each["name"] for each in segments["table.columns"]] == list(columns)
