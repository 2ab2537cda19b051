"""YAML files to cards and dashboards; a mistake is named with its file and its place."""

import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from loyalty_lens.yaml_text import YAMLError, read_yaml
from metabase.definition.board import Dashboard, Definition, Tab
from metabase.definition.model import Card, DefinitionError

FOLDER = Path(__file__).resolve().parents[1]
PART = re.compile(r"\$(\w+)")  # $windows in a card's SQL: the text of cards/windows.sql
Model = TypeVar("Model", bound=BaseModel)


def read_definition(folder: Path = FOLDER, *, currency: str = "EUR") -> Definition:
    """All of `cards/**/*.yml` and `dashboards/*.yml` below `folder`; `$currency` is filled in.

    Raises DefinitionError naming the file and what is wrong in it.
    """
    cards = {card.key: card for card in _cards(folder / "cards", currency)}
    paths = sorted((folder / "dashboards").glob("*.yml"))
    dashboards = tuple(_dashboard(path, currency) for path in paths)
    if not dashboards:
        raise DefinitionError(f"{folder / 'dashboards'}: no dashboard here")
    _check_names(cards, dashboards)
    for dashboard in dashboards:
        _check_cards(dashboard, cards)
        _check_clicks(dashboard, cards)
    return Definition(cards, dashboards)


def _cards(folder: Path, currency: str) -> list[Card]:
    parts = {path.stem: path.read_text("utf-8").strip() for path in folder.glob("*.sql")}
    cards = []
    for path in sorted(folder.rglob("*.yml")):
        content = _loaded(path, currency)
        if isinstance(content.get("sql"), str):
            content["sql"] = _with_parts(path, content["sql"], parts)
        cards.append(_valid(path, path.relative_to(folder), Card, content))
    return cards


def _with_parts(path: Path, sql: str, parts: dict[str, str]) -> str:
    """The SQL with each `$name` replaced by what several cards have in common."""
    if unknown := set(PART.findall(sql)) - set(parts):
        raise DefinitionError(f"{_where(path)}: sql: no {sorted(unknown)[0]}.sql in cards/")
    return PART.sub(lambda found: parts[found[1]], sql)


def _dashboard(path: Path, currency: str) -> Dashboard:
    """The dashboard with the tabs that lie in the folder of its name."""
    content = _loaded(path, currency)
    tabs = []
    for name in content.get("tabs") or []:
        tab = path.with_suffix("") / f"{name}.yml"
        if not tab.is_file():
            raise DefinitionError(f"{_where(path)}: no tab {path.stem}/{name}.yml")
        tabs.append(_valid(tab, None, Tab, _loaded(tab, currency)))
    return _valid(path, Path(path.name), Dashboard, {**content, "tabs": tabs})


def _loaded(path: Path, currency: str) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8").replace("$currency", currency)
        content: Any = read_yaml(text)
    except YAMLError as error:
        told = " ".join(str(error).split())
        raise DefinitionError(f"{_where(path)}: not YAML: {told}") from None
    if not isinstance(content, dict) or "key" in content:
        raise DefinitionError(f"{_where(path)}: a mapping without `key` (the file's name is it)")
    return content


def _valid(path: Path, named: Path | None, model: type[Model], content: dict[str, Any]) -> Model:
    key = {"key": named.with_suffix("").as_posix()} if named else {}
    try:
        return model.model_validate({**key, **content})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DefinitionError(f"{_where(path)}: {place}: {first['msg']}") from None


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


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


def _check_clicks(dashboard: Dashboard, cards: dict[str, Card]) -> None:
    """A click sets filters that somebody on the tab it leads to listens to."""
    tabs = {tab.name: tab for tab in dashboard.tabs}
    for tab in dashboard.tabs:
        for key in tab.card_keys():
            click = cards[key].click
            if not click:
                continue
            target = tabs.get(click.tab or tab.name)
            if target is None:
                raise DefinitionError(f"cards/{key}.yml: click leads to no tab {click.tab}")
            heard = {each for other in target.card_keys() for each in cards[other].filters}
            if deaf := set(click.sets) - heard:
                raise DefinitionError(
                    f"cards/{key}.yml: click sets {sorted(deaf)}, to which no card of the tab"
                    f" {target.name} listens"
                )
