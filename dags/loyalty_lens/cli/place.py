"""Where files lie, as a parameter of a command."""

from pathlib import Path
from typing import Any

import click


class PlaceType(click.ParamType[Path | str]):
    """A folder, or a URL such as s3://bucket/prefix."""

    name = "dir|url"

    def convert(self, value: Any, _: Any, __: Any) -> Path | str:
        return value if "://" in str(value) else Path(value)
