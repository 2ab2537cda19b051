"""Every tab in a real browser: what stands on the screen is what SQL says."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.settings import Settings
from metabase.definition import Card, read_definition
from metabase.preview.cards import SHOWN_ROWS
from metabase.preview.choices import Choice, Period, Values, options, span
from metabase.preview.formats import shown
from metabase.preview.query import Result, run_card
from tests.dashboards.browser import launched, previewed

DEFINITION = read_definition()
(DASHBOARD,) = DEFINITION.dashboards
TOP_STORES = DEFINITION.cards["overview/top_stores"]
PATIENCE = 60_000  # milliseconds: the machine may be busy
DRAWN = """() => Object.fromEntries(
    [...document.querySelectorAll('.js-plotly-plot')].map(plot => [
        plot.closest('[data-testid="stVerticalBlock"][class*="st-key-"]').className,
        plot.data.map(trace => ({
            x: [...(trace.x || [])], y: [...(trace.y || [])], name: trace.name,
        })),
    ])
)"""


@dataclass
class Visit:
    """A page, and what went wrong on it."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.problems.append(request.url))
        self.page.on(
            "console",
            lambda message: self.problems.append(message.text) if message.type == "error" else None,
        )
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, tab: str) -> None:
        """Opens a tab by its address and waits until everything is drawn."""
        self.page.goto(f"{self.url}/?tab={tab}")
        expect(self.page.get_by_role("tab", name=tab, exact=True)).to_have_attribute(
            "aria-selected", "true", timeout=PATIENCE
        )
        self.settle(tab)

    def settle(self, tab: str) -> None:
        """Waits until the page has stopped running and the last card of the tab is there."""
        cards = [DEFINITION.cards[key] for key in _tab(tab).card_keys()]
        charts = sum(card.is_chart for card in cards)
        expect(self.page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning", timeout=PATIENCE
        )
        expect(self.page.get_by_test_id("stMetric")).to_have_count(
            sum(card.is_number for card in cards), timeout=PATIENCE
        )
        if charts:
            drawn = self.page.locator(".js-plotly-plot .main-svg").first
            expect(drawn).to_be_visible(timeout=PATIENCE)
        expect(self.page.locator(".js-plotly-plot")).to_have_count(charts, timeout=PATIENCE)

    def number(self, card: Card) -> str:
        """The number of a scalar card."""
        metric = self.page.get_by_test_id("stMetric").filter(has_text=card.name)
        exact = [each for each in metric.all() if _title(each) == card.name]
        assert len(exact) == 1, card.name
        return exact[0].get_by_test_id("stMetricValue").inner_text().strip()

    def cells(self, card: Card) -> list[list[str]]:
        """The body of a table card."""
        rows = self.page.locator(f".st-key-{card.key.replace('/', '-')} tbody tr")
        return [
            [cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows.all()
        ]

    def traces(self, card: Card) -> list[dict[str, Any]]:
        """What Plotly holds for a chart card."""
        name = f"st-key-{card.key.replace('/', '-')}"
        drawn = self.page.evaluate(DRAWN)
        (traces,) = [found for classes, found in drawn.items() if name in classes.split()]
        return list(traces)

    def choose(self, label: str, option: str) -> None:
        """Picks an option of a filter and waits until the page has followed."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.page.keyboard.press("Escape")


def _tab(name: str) -> Any:
    return next(tab for tab in DASHBOARD.tabs if tab.name == name)


def _title(metric: Any) -> str:
    return str(metric.get_by_test_id("stMetricLabel").inner_text()).strip()


@pytest.fixture(scope="module")
def address(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with previewed(shop, tmp_path_factory.mktemp("preview")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(address: str, browser: Browser) -> Iterator[Visit]:
    """A fresh page; at the end it must have had no error and asked nobody else."""
    page = browser.new_page(viewport={"width": 1440, "height": 2000})
    visit = Visit(page, address)
    yield visit
    page.close()
    assert visit.problems == []
    assert visit.hosts == {address.removeprefix("http://")}


def check(visit: Visit, tab: str, bi: Connection, choices: dict[str, Choice]) -> None:
    """Every number on the screen against SQL, run here."""
    for key in _tab(tab).card_keys():
        card = DEFINITION.cards[key]
        result = run_card(bi, card, choices)
        if card.is_number:
            assert visit.number(card) == _text(card, bi, choices), key
        elif card.display == "table":
            shown_rows = replace(result, rows=result.rows[:SHOWN_ROWS])
            assert visit.cells(card) == _texts(card, shown_rows), key
        elif card.has_axes:
            _check_chart(visit.traces(card), card, result)


def _texts(card: Card, result: Result) -> list[list[str]]:
    columns = list(card.columns.values())
    return [
        [shown(value, column, "EUR") for value, column in zip(row, columns, strict=True)]
        for row in result.rows
    ]


def _check_chart(traces: list[dict[str, Any]], card: Card, result: Result) -> None:
    category, value = ("y", "x") if card.display == "row" else ("x", "y")
    expected = list(_series(card, result))
    assert [unescape(trace["name"]) for trace in traces] == [name for name, _, _ in expected]
    for trace, (_, labels, values) in zip(traces, expected, strict=True):
        assert trace[value] == pytest.approx(values), card.key
        assert [
            unescape(str(each))[: len(text)]  # charts.py says why they are escaped
            for each, text in zip(trace[category], labels, strict=True)
        ] == labels


def _series(card: Card, result: Result) -> Iterator[tuple[str, list[str], list[float | None]]]:
    """Name, labels and values of each line or colour, from the rows."""
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    x, *breakout = card.dimensions
    for metric in card.metrics:
        parts = list(dict.fromkeys(row[breakout[0]] for row in rows)) if breakout else [None]
        for part in parts:
            mine = [row for row in rows if not breakout or row[breakout[0]] == part]
            values = [None if row[metric] is None else float(row[metric]) for row in mine]
            name = str(part) if breakout else card.columns[metric].title
            yield name, [str(row[x]) for row in mine], values


@pytest.mark.parametrize("tab", [tab.name for tab in DASHBOARD.tabs])
def test_every_number_on_the_screen_is_the_number_of_sql(
    visit: Visit, bi: Connection, tab: str
) -> None:
    visit.open(tab)
    check(visit, tab, bi, {})


def test_stores_are_named_on_the_chart_as_in_the_marts(visit: Visit, bi: Connection) -> None:
    visit.open("Overview")
    names = [str(name) for name in run_card(bi, TOP_STORES, {}).column("store")]
    assert any("&" in name for name in names)
    labels = visit.page.locator(".st-key-overview-top_stores .ytick text")
    assert {text.strip() for text in labels.all_text_contents()} == set(names)


def test_filters_change_the_numbers_and_go_with_the_address(visit: Visit, bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    (region, *_) = options(bi, "marts.store_details.store_region", {})
    revenue = DEFINITION.cards["overview/revenue"]
    visit.open("Overview")
    everything = visit.number(revenue)

    choices: dict[str, Choice] = {"region": Values((region,))}
    visit.choose("Region", region)
    _expect_number(visit, revenue, bi, choices)
    assert visit.number(revenue) != everything
    visit.settle("Overview")
    check(visit, "Overview", bi, choices)

    visit.choose("Period", "Last 7 days")
    choices["period"] = Period(days[1] - timedelta(days=6), days[1])
    _expect_number(visit, revenue, bi, choices)
    visit.settle("Overview")
    check(visit, "Overview", bi, choices)

    liability = DEFINITION.cards["overview/liability"]
    assert visit.number(liability) == _text(liability, bi, {"period": choices["period"]})

    visit.page.reload()  # the address holds tab and filters
    visit.settle("Overview")
    check(visit, "Overview", bi, choices)


def test_a_click_in_a_list_leads_to_the_customer(visit: Visit, bi: Connection) -> None:
    card = DEFINITION.cards["lists/customers"]
    second = str(run_card(bi, card, {}).rows[1][0])
    visit.open("Lists")
    visit.page.locator(".st-key-lists-customers").get_by_role("link", name=second).click()
    visit.settle("Customer")
    expect(visit.page).to_have_url(re.compile(f"tab=Customer&customer={second}"))
    check(visit, "Customer", bi, {"customer": Values((second,))})


def test_a_click_on_a_bar_leads_to_the_store_and_leaves_the_other_filters(
    visit: Visit, bi: Connection
) -> None:
    store = str(run_card(bi, TOP_STORES, {}).rows[0][0])
    visit.open("Overview")
    bar = visit.page.locator(".st-key-overview-top_stores .barlayer .point").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(visit.page.get_by_role("tab", name="Store and product")).to_have_attribute(
        "aria-selected", "true", timeout=PATIENCE
    )
    visit.settle("Store and product")
    check(visit, "Store and product", bi, {"store": Values((store,))})
    visit.page.reload()
    visit.settle("Store and product")
    check(visit, "Store and product", bi, {"store": Values((store,))})


def test_a_click_on_a_category_filters_its_own_tab(visit: Visit, bi: Connection) -> None:
    category = str(run_card(bi, DEFINITION.cards["spend/categories"], {}).rows[0][0])
    visit.open("Spend")
    visit.page.locator(".st-key-spend-categories").get_by_role("link", name=category).click()
    expect(visit.page).to_have_url(re.compile("tab=Spend&category="), timeout=PATIENCE)
    visit.settle("Spend")
    check(visit, "Spend", bi, {"category": Values((category,))})


def test_a_list_is_downloaded_whole_under_the_names_of_its_columns(
    visit: Visit, bi: Connection
) -> None:
    card = DEFINITION.cards["lists/customers"]
    visit.open("Lists")
    with visit.page.expect_download(timeout=PATIENCE) as waiting:
        visit.page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.reader(waiting.value.path().read_text("utf-8").splitlines()))
    result = run_card(bi, card, {})
    assert rows[0] == list(card.columns)
    assert [row[0] for row in rows[1:]] == [str(row[0]) for row in result.rows]
    assert len(rows) > SHOWN_ROWS


def test_the_region_shortens_the_list_of_stores(visit: Visit, bi: Connection) -> None:
    (region, *_) = options(bi, "marts.store_details.store_region", {})
    stores = options(
        bi,
        "marts.store_details.store_label",
        {"marts.store_details.store_region": Values((region,))},
    )
    visit.open("Overview")
    visit.choose("Region", region)
    _expect_number(visit, DEFINITION.cards["overview/revenue"], bi, {"region": Values((region,))})
    visit.settle("Overview")
    visit.page.get_by_role("combobox", name="Store").click()
    offered = visit.page.get_by_role("option")
    expect(offered.filter(has_text=stores[0])).to_be_visible()
    assert {text.strip() for text in offered.all_inner_texts()} - {"Select all"} == set(stores)


def test_a_store_that_the_region_leaves_out_leaves_the_address(
    visit: Visit, bi: Connection
) -> None:
    """Else it is back at the next reload, once the region is given up."""
    (region, *_) = options(bi, "marts.store_details.store_region", {})
    limits = {"marts.store_details.store_region": Values((region,))}
    inside = options(bi, "marts.store_details.store_label", limits)
    stores = options(bi, "marts.store_details.store_label", {})
    outside = next(store for store in stores if store not in inside)
    visit.open("Overview")
    revenue = DEFINITION.cards["overview/revenue"]
    visit.choose("Store", outside)
    _expect_number(visit, revenue, bi, {"store": Values((outside,))})
    visit.choose("Region", region)
    _expect_number(visit, revenue, bi, {"region": Values((region,))})
    visit.settle("Overview")
    expect(visit.page).not_to_have_url(re.compile("store="))
    expect(visit.page).to_have_url(re.compile("region="))


def test_filters_show_only_where_a_card_listens_and_survive_a_change_of_tab(
    visit: Visit, bi: Connection
) -> None:
    (region, *_) = options(bi, "marts.store_details.store_region", {})
    revenue = DEFINITION.cards["overview/revenue"]
    visit.open("Overview")
    visit.choose("Region", region)
    _expect_number(visit, revenue, bi, {"region": Values((region,))})
    visit.page.get_by_role("tab", name="Segments", exact=True).click()
    visit.settle("Segments")
    expect(visit.page.get_by_role("combobox", name="Region")).to_have_count(0)
    visit.page.get_by_role("tab", name="Overview", exact=True).click()
    visit.settle("Overview")
    check(visit, "Overview", bi, {"region": Values((region,))})


def test_days_go_with_the_address_and_survive_a_change_of_tab(visit: Visit, bi: Connection) -> None:
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    first, last = days[0] + timedelta(days=3), days[0] + timedelta(days=5)
    choices: dict[str, Choice] = {"period": Period(first, last)}
    revenue = DEFINITION.cards["overview/revenue"]
    chosen = f"tab=Overview&period=Choose+days&period-days={first}&period-days={last}"
    visit.page.goto(f"{visit.url}/?{chosen}")
    _expect_number(visit, revenue, bi, choices)
    visit.settle("Overview")
    check(visit, "Overview", bi, choices)

    visit.page.get_by_role("tab", name="Segments", exact=True).click()
    visit.settle("Segments")
    visit.page.get_by_role("tab", name="Overview", exact=True).click()
    visit.settle("Overview")
    _expect_number(visit, revenue, bi, choices)


@pytest.mark.parametrize(
    "choice",
    [
        "period=Nope",
        "period=Choose+days&period-days=1999-01-01&period-days=1999-01-31",
        "period=Choose+days&period-days=today",
        "region=Nowhere&store=Closed",
        "store=%27%3B+drop+table+x%3B--",
        "store=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ],
)
def test_an_address_with_a_choice_that_is_not_offered_shows_everything(
    visit: Visit, bi: Connection, choice: str
) -> None:
    visit.page.goto(f"{visit.url}/?tab=Overview&{choice}")
    visit.settle("Overview")
    days = span(bi, "marts.calendar.business_date")
    assert days is not None
    offered: dict[str, Choice] = {"period": Period(*days)} if "Choose" in choice else {}
    _expect_number(visit, DEFINITION.cards["overview/revenue"], bi, offered)


@pytest.mark.parametrize("tab", [tab.name for tab in DASHBOARD.tabs])
def test_a_telephone_scrolls_tables_and_not_the_page(visit: Visit, tab: str) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(tab)
    widths = visit.page.get_by_test_id("stMain").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert widths == [390, 390]


def _text(card: Card, bi: Connection, choices: dict[str, Choice]) -> str:
    result = run_card(bi, card, choices)
    value = result.rows[-1][-1] if result.rows else None
    return shown(value, card.columns[card.value_column], "EUR")


def _expect_number(visit: Visit, card: Card, bi: Connection, choices: dict[str, Choice]) -> None:
    metric = visit.page.get_by_test_id("stMetric").filter(has_text=card.name)
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(
        _text(card, bi, choices), timeout=PATIENCE
    )
