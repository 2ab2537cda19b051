"""A push onto the stand-in, and what is asked of it afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loyalty_lens.settings import Settings
from metabase.definition import Card, Dashboard, Definition, read_definition
from metabase.provision.push import Pushed, push
from tests.dashboards.metabase_server import MetabaseServer

EMAIL = "admin@example.com"
PASSWORD = "only-4-tests"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "metabase"


def aimed_at(server: MetabaseServer, settings: Settings) -> Settings:
    """The same warehouse, with this stand-in as Metabase."""
    return replace(
        settings, metabase_url=server.url, metabase_email=EMAIL, metabase_password=PASSWORD
    )


@dataclass
class World:
    """One stand-in, and pushes onto it."""

    server: MetabaseServer
    settings: Settings

    def push(self, definition: Definition | None = None, **changed: Any) -> Pushed:
        """A whole push; the requests before it are forgotten. `changed`: settings."""
        self.server.forget()
        settings = replace(self.settings, **changed)
        return push(settings, lambda _: None, wait=5, definition=definition)

    def writes(self) -> list[str]:
        """Method and path of what the last push changed."""
        return [f"{each.method} {each.path}" for each in self.server.writes]

    @property
    def dashboard(self) -> dict[str, Any]:
        """The only dashboard, as the stand-in keeps it."""
        (dashboard,) = self.server.state.dashboards.values()
        return dashboard

    def dashcard_ids(self) -> dict[int, int]:
        """Dashcard: card, of everything with a card."""
        return {e["id"]: e["card_id"] for e in self.dashboard["dashcards"] if e["card_id"]}

    def live_cards(self) -> dict[str, int]:
        """Name: id of the cards that are not archived."""
        cards = self.server.state.cards.values()
        return {each["name"]: each["id"] for each in cards if not each["archived"]}


def with_card(key: str, change: Callable[[Card], Card]) -> Definition:
    """The definition with one card changed."""
    definition = read_definition()
    return replace(definition, cards={**definition.cards, key: change(definition.cards[key])})


def without_card(key: str) -> Definition:
    """The definition without a card and its places on dashboards."""
    definition = read_definition()
    cards = {other: card for other, card in definition.cards.items() if other != key}
    boards = tuple(_without(key, board) for board in definition.dashboards)
    return replace(definition, cards=cards, dashboards=boards)


def with_dashboard(change: Callable[[Dashboard], Dashboard]) -> Definition:
    """The definition with its dashboard changed."""
    definition = read_definition()
    return replace(definition, dashboards=tuple(change(each) for each in definition.dashboards))


def _without(key: str, board: Dashboard) -> Dashboard:
    tabs = []
    for tab in board.tabs:
        rows = []
        for row in tab.rows:
            items = tuple(item for item in row.items if item.card != key)
            if items:
                rows.append(row.model_copy(update={"items": items}))
        tabs.append(tab.model_copy(update={"rows": tuple(rows)}))
    return board.model_copy(update={"tabs": tuple(tabs)})
