"""docker-compose.yml as Compose reads it: parsed, merged and interpolated."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "docker-compose.yml"
# ${NAME}, ${NAME:-default}, ${NAME:?message}; $$ is a dollar.
VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Z_]+)(?::([-?])([^}]*))?\})")


class RequiredError(Exception):
    """A variable with `:?` that is missing or empty."""


def load(environment: dict[str, str] | None = None) -> dict[str, Any]:
    """The file; with an environment (also an empty one), interpolated."""
    document = yaml.safe_load(FILE.read_text())
    found = document if environment is None else _interpolated(document, environment)
    assert isinstance(found, dict)
    return found


def variables() -> dict[str, set[tuple[str, str]]]:
    """Every variable of the file with all its (operator, default or message)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for _, name, operator, word in VARIABLE.findall(FILE.read_text()):
        if name:
            found.setdefault(name, set()).add((operator, word))
    return found


def _interpolated(node: Any, environment: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _interpolated(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [_interpolated(value, environment) for value in node]
    if not isinstance(node, str):
        return node

    def value(match: re.Match[str]) -> str:
        dollar, name, operator, word = match.groups()
        if dollar:
            return "$"
        if environment.get(name):
            return environment[name]
        if operator == "?":
            raise RequiredError(f"{name}: {word}")
        return word or ""

    return VARIABLE.sub(value, node)
