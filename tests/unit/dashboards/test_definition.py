"""Card and dashboard files: what is read, and how a mistake is named."""

from decimal import Decimal
from pathlib import Path

import pytest

from metabase.definition import FULL_WIDTH, DefinitionError, read_definition
from metabase.definition.exposures import PATH, exposures
from metabase.definition.template import filled, tags_of
from metabase.preview.clicks import TYPED
from metabase.preview.formats import shown
from metabase.provision.formats import visualization

CARD = """
name: Revenue
description: Sales less returns
display: bar
sql: select store, revenue from marts.sales where true [[and {{store}}]]
filters: {store: marts.sales.store}
columns:
  store: {title: Store}
  revenue: {title: Revenue, format: money}
settings:
  graph.dimensions: [store]
  graph.metrics: [revenue]
"""
DASHBOARD = """
name: Board
description: All of it
filters:
  - {id: store, name: Store, type: string/=}
tabs: [first]
"""
TAB = """
name: First
rows:
  - {height: 1, items: [{heading: Hello}]}
  - {height: 6, items: [{card: revenue, width: 14}, {text: Words, width: 10}]}
"""


def write(folder: Path, card: str = CARD, dashboard: str = DASHBOARD, tab: str = TAB) -> Path:
    files = {"cards/revenue": card, "dashboards/board": dashboard, "dashboards/board/first": tab}
    for name, text in files.items():
        path = folder / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_items_are_placed_by_the_rows_and_widths_before_them(tmp_path: Path) -> None:
    (dashboard,) = read_definition(write(tmp_path)).dashboards
    places = [(p.row, p.column, p.width, p.height) for p in dashboard.tabs[0].placed()]
    assert places == [(0, 0, 24, 1), (1, 0, 14, 6), (1, 14, 10, 6)]


def test_the_currency_is_filled_in(tmp_path: Path) -> None:
    card = CARD.replace("title: Revenue", 'title: "Revenue, $currency"')
    definition = read_definition(write(tmp_path, card), currency="SEK")
    assert definition.cards["revenue"].columns["revenue"].title == "Revenue, SEK"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("display: bar", "display: rainbow", "display"),
        ("display: bar", "display: bar\ncolour: red", "colour"),
        ("name: Revenue", "name: ' '", "name"),
        ("name: Revenue\n", "", "name"),
        ("description: Sales less returns", "", "description"),
        ("{{store}}", "{{shop}}", "shop"),
        ("marts.sales.store}", "clean.sales.store}", "filters.store"),
        ("marts.sales.store}", "store}", "filters.store"),
        ("graph.metrics: [revenue]", "graph.metrics: [income]", "income"),
        ("graph.metrics: [revenue]", "graph.metric: [revenue]", "graph.metric"),
        ("graph.metrics: [revenue]", "graph.metrics: []", "graph.metrics"),
        ("format: money", "format: gold", "format"),
        ("name: Revenue", "name: [", "not YAML"),
        ("name: Revenue", "key: x\nname: Revenue", "key"),
        ("display: bar", "display: scalar", "one column"),
    ],
)
def test_a_mistake_in_a_card_is_named_with_its_file(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in CARD
    with pytest.raises(DefinitionError) as refused:
        read_definition(write(tmp_path, CARD.replace(old, new)))
    message = str(refused.value)
    assert "revenue.yml" in message and told in message and "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("id: store", "id: shop", "store"),
        ("type: string/=", "type: string", "type"),
        ("type: string/=}", "type: string/=, limited_by: [region]}", "region"),
        ("type: string/=}", "type: string/=}\n  - {id: x, name: X, type: string/=}", "'x'"),
        ("tabs: [first]", "tabs: []", "tabs"),
        ("tabs: [first]", "tabs: [second]", "board/second.yml"),
        ("tabs: [first]", "tabs: [first, first]", "one tab name"),
    ],
)
def test_a_mistake_in_a_dashboard_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in DASHBOARD
    with pytest.raises(DefinitionError) as refused:
        read_definition(write(tmp_path, CARD, DASHBOARD.replace(old, new)))
    message = str(refused.value)
    assert told in message and "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("width: 14", "width: 15", "25"),
        ("width: 14", "width: 0", "width"),
        ("height: 6", "height: 0", "height"),
        ("card: revenue", "card: income", "cards/income.yml"),
        ("heading: Hello", "heading: Hello, text: World", "one of"),
        ("rows:", "rows: []\nother:", "rows"),
    ],
)
def test_a_mistake_in_a_tab_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TAB
    with pytest.raises(DefinitionError) as refused:
        read_definition(write(tmp_path, tab=TAB.replace(old, new)))
    message = str(refused.value)
    assert told in message and "\n" not in message


@pytest.mark.parametrize(
    ("click", "told"),
    [
        ("sets: {store: shop}", "shop"),
        ("sets: {region: store}", "region"),
        ("{sets: {store: store}, tab: Second}", "Second"),
    ],
)
def test_a_click_that_leads_nowhere_is_refused(tmp_path: Path, click: str, told: str) -> None:
    inside = click if click.startswith("{") else f"{{{click}}}"
    with pytest.raises(DefinitionError, match=told):
        read_definition(write(tmp_path, f"{CARD}click: {inside}\n"))


def test_what_several_cards_have_in_common_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, CARD.replace("from marts.sales where", "from $shared where"))
    with pytest.raises(DefinitionError, match=r"no shared.sql in cards/"):
        read_definition(tmp_path)
    (tmp_path / "cards" / "shared.sql").write_text("marts.sales\n")
    sql = read_definition(tmp_path).cards["revenue"].sql
    assert sql == "select store, revenue from marts.sales where true [[and {{store}}]]"


def test_two_cards_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "cards" / "again.yml").write_text(CARD)
    with pytest.raises(DefinitionError, match="again and revenue"):
        read_definition(tmp_path)


def test_a_folder_without_dashboards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no dashboard"):
        read_definition(tmp_path)


def test_optional_blocks_go_when_their_filter_is_not_set() -> None:
    sql = "select 1 where true [[and {{store}}]] [[and {{ period }}]]"
    assert tags_of(sql) == {"store", "period"}
    assert filled(sql, {}.get) == "select 1 where true  "
    assert filled(sql, {"store": "store in ('a')"}.get) == (
        "select 1 where true and store in ('a') "
    )


def test_a_bare_tag_that_is_not_set_is_true() -> None:
    assert filled("select 1 where {{store}}", {}.get) == "select 1 where true"


def test_a_value_that_looks_like_a_tag_stays_a_value() -> None:
    conditions = {"store": "store in ('{{period}} [[x]]')"}
    assert filled("where {{store}}", conditions.get) == "where store in ('{{period}} [[x]]')"


def test_every_tab_of_ours_has_a_heading_and_the_data_date() -> None:
    for dashboard in read_definition().dashboards:
        for tab in dashboard.tabs:
            items = [placed.item for placed in tab.placed()]
            assert items[0].heading
            assert items[1].text
            assert "status/data_up_to" in tab.card_keys()
            assert any(key.startswith("status/quality") for key in tab.card_keys())


def test_every_card_of_ours_is_shown_and_no_more_than_ten_charts_stand_on_a_tab() -> None:
    definition = read_definition()
    (dashboard,) = definition.dashboards
    assert set(dashboard.card_keys()) == set(definition.cards)
    for tab in dashboard.tabs:
        assert sum(not definition.cards[key].is_number for key in tab.card_keys()) <= 10


def test_every_row_of_ours_fills_the_grid() -> None:
    for dashboard in read_definition().dashboards:
        for tab in dashboard.tabs:
            widths: dict[int, int] = {}
            for placed in tab.placed():
                widths[placed.row] = widths.get(placed.row, 0) + placed.width
            assert set(widths.values()) == {FULL_WIDTH}


def test_money_is_shown_with_its_currency_wherever_it_is_written_in_words() -> None:
    for card in read_definition(currency="XYZ").cards.values():
        for column in card.columns.values():
            if column.title.startswith("Spend"):
                assert column.format == "money" or "XYZ" in column.title


@pytest.mark.parametrize("written_as", ["integer", "decimal", "percent", "money"])
@pytest.mark.parametrize("decimals", [None, 0, 3])
def test_both_readers_write_a_number_with_the_same_decimals(
    tmp_path: Path, written_as: str, decimals: int | None
) -> None:
    asked = "" if decimals is None else f", decimals: {decimals}"
    text = CARD.replace("format: money", f"format: {written_as}{asked}")
    card = read_definition(write(tmp_path, text)).cards["revenue"]
    drawn = shown(Decimal(1), card.columns["revenue"], "EUR").partition(".")[2].rstrip("%")
    settings = visualization(card, "EUR")["column_settings"]['["name","revenue"]']
    assert settings["decimals"] == len(drawn)


def test_money_in_what_is_no_currency_code_is_a_number_with_a_prefix(tmp_path: Path) -> None:
    """Browsers refuse to format a currency that is not of three letters: Metabase drew nothing."""
    card = read_definition(write(tmp_path)).cards["revenue"]

    def settings(currency: str) -> object:
        return visualization(card, currency)["column_settings"]['["name","revenue"]']

    named = {"column_title": "Revenue", "decimals": 2}
    code = {"number_style": "currency", "currency": "SEK", "currency_style": "code"}
    assert settings("SEK") == named | code
    assert settings("€") == named | {"number_style": "decimal", "prefix": "€ "}


def test_filters_that_are_typed_take_one_value_from_a_click() -> None:
    (dashboard,) = read_definition().dashboards
    assert set(TYPED) == {each.id for each in dashboard.filters if each.values == "search"}


def test_dbt_knows_what_the_dashboards_read() -> None:
    assert PATH.read_text("utf-8") == exposures(read_definition()), "make exposures"
