"""A column's format in Metabase's words (`column_settings`), and what a display needs beside it."""

import json
import re
from typing import Any

from metabase.definition import Card, Column
from metabase.provision.client import Json

CODE = re.compile("[A-Z]{3}")  # of ISO 4217; with anything else a browser formats nothing
ISO_DATE = {"date_style": "YYYY/M/D", "date_separator": "-"}


def visualization(card: Card, currency: str) -> Json:
    """The card's own settings, the formats of its columns, and what its display needs."""
    settings: Json = {
        **card.settings,
        "column_settings": {
            column_key(name): formatted(column, currency) for name, column in card.columns.items()
        },
    }
    if card.is_number:
        settings["scalar.field"] = card.value_column
    if card.display == "smartscalar":
        settings["scalar.comparisons"] = [{"id": "before", "type": "previousValue"}]
    if card.display == "table":
        settings["table.columns"] = [{"name": name, "enabled": True} for name in card.columns]
        settings["table.pivot"] = False  # else Metabase may turn three columns into a cross-tab
    return settings


def column_key(name: str) -> str:
    """How `column_settings` names a column."""
    return json.dumps(["name", name], separators=(",", ":"))


def formatted(column: Column, currency: str) -> dict[str, Any]:
    """The entry of a column in `column_settings`."""
    words: dict[str, Any] = {"column_title": column.title}
    match column.format:
        case "integer" | "decimal":
            words |= {"number_style": "decimal", "decimals": column.places}
        case "percent":
            words |= {"number_style": "percent", "decimals": column.places}
        case "money" if not CODE.fullmatch(currency):
            words |= {
                "number_style": "decimal",
                "prefix": f"{currency} ",
                "decimals": column.places,
            }
        case "money":
            words |= {
                "number_style": "currency",
                "currency": currency,
                "currency_style": "code",
                "decimals": column.places,
            }
        case "date":
            words |= ISO_DATE
    if column.mini_bar:
        words["show_mini_bar"] = True
    return words
