"""YAML files to cards and dashboards; a mistake is named with its file and its place."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from metabase.definition.model import Card, Dashboard, Definition, DefinitionError

FOLDER = Path(__file__).resolve().parents[1]
Model = TypeVar("Model", bound=BaseModel)


def read_definition(folder: Path = FOLDER, *, currency: str = "EUR") -> Definition:
    """All of `cards/**/*.yml` and `dashboards/*.yml` below `folder`; `$currency` is filled in.

    Raises DefinitionError naming the file and what is wrong in it.
    """
    cards = {card.key: card for card in _read(folder / "cards", Card, currency)}
    dashboards = tuple(_read(folder / "dashboards", Dashboard, currency))
    if not dashboards:
        raise DefinitionError(f"{folder / 'dashboards'}: no dashboard here")
    _check_names(cards, dashboards)
    for dashboard in dashboards:
        _check_cards(dashboard, cards)
    return Definition(cards, dashboards)


def _read(folder: Path, model: type[Model], currency: str) -> list[Model]:
    return [
        _parsed(path, path.relative_to(folder).with_suffix("").as_posix(), model, currency)
        for path in sorted(folder.rglob("*.yml"))
    ]


def _parsed(path: Path, key: str, model: type[Model], currency: str) -> Model:
    where = f"{path.parent.name}/{path.name}"
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8").replace("$currency", currency))
        if not isinstance(content, dict) or "key" in content:
            raise DefinitionError(f"{where}: a mapping without `key` (the file's name is the key)")
        return model.model_validate({"key": key, **content})
    except yaml.YAMLError as error:
        raise DefinitionError(f"{where}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DefinitionError(f"{where}: {place}: {first['msg']}") from None


def _check_names(cards: dict[str, Card], dashboards: tuple[Dashboard, ...]) -> None:
    """Metabase finds a thing again by its name, so names are unique."""
    for things in (list(cards.values()), list(dashboards)):
        seen: dict[str, str] = {}
        for thing in things:
            if thing.name in seen:
                raise DefinitionError(
                    f"{seen[thing.name]} and {thing.key}: both named {thing.name}"
                )
            seen[thing.name] = thing.key


def _check_cards(dashboard: Dashboard, cards: dict[str, Card]) -> None:
    filters = {each.id for each in dashboard.filters}
    for key in dashboard.card_keys():
        if key not in cards:
            raise DefinitionError(f"dashboards/{dashboard.key}.yml: no card cards/{key}.yml")
        if unknown := set(cards[key].filters) - filters:
            raise DefinitionError(
                f"cards/{key}.yml: filters {sorted(unknown)} are not on {dashboard.key}.yml"
            )
    heard = {each for key in dashboard.card_keys() for each in cards[key].filters}
    if deaf := filters - heard:
        raise DefinitionError(f"dashboards/{dashboard.key}.yml: no card listens to {sorted(deaf)}")
