"""Which columns hold personal data: what dbt's staging models say of theirs."""

import functools
from pathlib import Path
from typing import Any

from loyalty_lens.errors import SettingsError
from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.yaml_text import YAMLError, read_yaml

STAGING = PROJECT / "models" / "staging" / "_staging__models.yml"


# Their further columns may say anything of a person; others have keys and amounts.
OPEN_ENDED = ("customer_details", "products")


def is_personal(data_set: str, column: str, path: Path = STAGING) -> bool:
    """Whether the column is personal or contact data.

    A column of customers or products that staging does not know counts as such until somebody
    classifies it. Raises SettingsError where the file of the staging models cannot be read.
    """
    classes = _classes(path)
    if (data_set, column) in classes:
        return classes[data_set, column] in ("personal", "contact")
    return data_set in OPEN_ENDED


@functools.cache
def _classes(path: Path) -> dict[tuple[str, str], str | None]:
    try:
        models: list[dict[str, Any]] = read_yaml(path.read_text("utf-8"))["models"]
    except (OSError, YAMLError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: the classification cannot be read ({error!r})") from error
    return {
        (model["name"].removeprefix("stg_"), column["name"]): _class_of(column) or _class_of(model)
        for model in models
        for column in model.get("columns", ())
    }


def _class_of(entry: dict[str, Any]) -> str | None:
    meta: dict[str, str] = entry.get("config", {}).get("meta", {})
    return meta.get("classification")
