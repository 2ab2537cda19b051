"""What a click does, in the words of a dashcard: a cross-filter, or a link to another tab."""

from typing import Any

from metabase.definition import Card
from metabase.provision.client import Json
from metabase.provision.formats import column_key, formatted


def click_settings(card: Card, dashboard: int, tabs: dict[str, int], currency: str) -> Json:
    """The dashcard's own settings: of the whole card, or of the column of a table that is a link.

    `tabs`: the id of each tab by its name; a new tab's is negative, and the server gives it
    another, so that a link is right only after the tab was read back.
    """
    if not card.click:
        return {}
    behaviour: dict[str, Any] = {
        "type": "crossfilter",
        "parameterMapping": {
            name: {
                "id": name,
                "source": {"type": "column", "id": column, "name": column},
                "target": {"type": "parameter", "id": name},
            }
            for name, column in card.click.sets.items()
        },
    }
    if card.click.tab:
        behaviour |= {
            "type": "link",
            "linkType": "dashboard",
            "targetId": dashboard,
            "tabId": tabs[card.click.tab],
        }
    if card.display != "table":
        return {"click_behavior": behaviour}
    linked = next(iter(card.click.sets.values()))
    own = formatted(card.columns[linked], currency)
    return {"column_settings": {column_key(linked): {**own, "click_behavior": behaviour}}}
