"""The file .env as docker-compose reads it: NAME=value lines beside docker-compose.yml."""

import os
from collections.abc import Mapping
from pathlib import Path

NAME = ".env"
EXAMPLE = ".env.example"


def read(path: Path) -> dict[str, str]:
    """Names and values of the file; comments and quotes around a value are left out."""
    return dict(filter(None, map(setting, path.read_text("utf-8").splitlines())))


def setting(line: str) -> tuple[str, str] | None:
    """Name and value of one line; None for a comment and whatever else sets nothing."""
    name, is_setting, value = line.strip().removeprefix("export ").partition("=")
    if not is_setting or name.startswith("#"):
        return None
    return name.strip(), _unquoted(value.strip())


def settings(
    path: Path = Path(NAME), environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What docker-compose sees: the file, overruled by the environment; empty counts as unset."""
    values = {**read(path), **(os.environ if environment is None else environment)}
    return {name: value for name, value in values.items() if value}


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return value.partition(" #")[0].rstrip()
