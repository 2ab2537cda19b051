"""The input contract of `datasets.yml` as typed objects."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import own_data_sets
from loyalty_lens.yaml_text import YAMLError, read_yaml

CONTRACT = Path(__file__).with_name("datasets.yml")
LETTER = re.compile("[a-z]")
TYPES = ("id", "text", "number", "integer", "date", "timestamp", "boolean", "phone", "weekdays")


@dataclass(frozen=True)
class Column:
    """A column of a data set: its name, how its text is read, and what else it may be called.

    `example`: its values in the two example rows of a template.
    """

    name: str
    type: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    description: str = ""
    example: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class DataSet:
    """A data set of the contract; `columns` keep the order of the file."""

    name: str
    files: tuple[str, ...]
    delivery: Literal["versions", "events"]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    amount: str | None = None
    date_order: Literal["day_first", "month_first"] = "day_first"
    decimal_mark: Literal[".", ","] = "."
    description: str = ""
    optional: bool = False  # nobody is told that it was never delivered

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


def normalised(name: str) -> str:
    """A column or file name as the contract writes it: lower case, underscores, no outer space."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def load_data_sets(path: Path = CONTRACT) -> dict[str, DataSet]:
    """All data sets by name, in the order of judging (masters first); SettingsError if unusable.

    What the file LENS_DATASETS says is added to what `path` says.
    """
    return _load(path, own_data_sets())


@functools.cache
def _load(path: Path, own: Path | None) -> dict[str, DataSet]:
    document = read_contract(path, own)
    try:
        return {
            name: data_set_from(str(name), entry) for name, entry in document["data_sets"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{own or path}: not a readable contract ({error!r})") from error


@functools.cache
def read_contract(path: Path, own: Path | None) -> dict[str, Any]:
    """The document of `path` with that of `own` laid over it; SettingsError if unreadable."""
    document: dict[str, Any] = {}
    for source in filter(None, (path, own)):
        try:
            text = read_yaml(source.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            reason = " ".join(str(error).split())
            raise SettingsError(f"{source}: not a readable contract ({reason})") from error
        if not isinstance(text, dict):
            raise SettingsError(f"{source}: not a readable contract (no data_sets in it)")
        document = _laid_over(document, text)
    return document


def _laid_over(known: Any, new: Any) -> Any:
    """Entries side by side, names (files, aliases) added, everything else replaced."""
    if isinstance(known, str) and isinstance(new, dict):
        known = {"type": known}  # a column in short
    if isinstance(known, dict) and isinstance(new, dict):
        merged = {name: _laid_over(known.get(name), value) for name, value in new.items()}
        for name in ("files", "aliases"):
            if isinstance(known.get(name), list) and isinstance(new.get(name), list):
                merged[name] = [*known[name], *new[name]]
        return known | merged
    return new


def data_set_of(file_name: str, data_sets: dict[str, DataSet]) -> DataSet | None:
    """The data set that a file's name begins with (the longest name wins), or None."""
    stem = normalised(file_name)
    matches = [
        (len(start), data_set)
        for data_set in data_sets.values()
        for start in data_set.files
        if stem.startswith(start) and not LETTER.match(stem, len(start))
    ]
    return max(matches, key=lambda match: match[0])[1] if matches else None


def data_set_from(name: str, entry: dict[str, Any]) -> DataSet:
    """The entry of one data set; SettingsError, KeyError and the like where it cannot be used."""
    columns = tuple(_column(key, value) for key, value in entry["columns"].items())
    names = {column.name for column in columns}
    missing = [
        key for key in [*entry["key"], entry.get("amount") or entry["key"][0]] if key not in names
    ]
    if missing:
        raise SettingsError(f"datasets.yml, {name}: key or amount {missing[0]!r} is no column")
    return DataSet(
        name=name,
        files=tuple(normalised(start) for start in entry["files"]),
        delivery=_one_of(name, "delivery", entry["delivery"], ("versions", "events")),
        key=tuple(entry["key"]),
        columns=columns,
        amount=entry.get("amount"),
        date_order=_one_of(
            name, "date_order", entry.get("date_order", "day_first"), ("day_first", "month_first")
        ),
        decimal_mark=_one_of(name, "decimal_mark", entry.get("decimal_mark", "."), (".", ",")),
        description=entry.get("description", ""),
        optional=bool(entry.get("optional", False)),
    )


def _column(name: str, value: str | dict[str, Any]) -> Column:
    entry = {"type": value} if isinstance(value, str) else value
    return Column(
        name=name,
        type=_one_of(name, "type", entry["type"], TYPES),
        required=bool(entry.get("required", False)),
        aliases=tuple(normalised(alias) for alias in entry.get("aliases", ())),
        description=entry.get("description", ""),
        example=_pair(entry.get("example", ("", ""))),
    )


def _pair(values: Any) -> tuple[str, str]:
    first, second = values
    return str(first), str(second)


def _one_of(where: str, what: str, value: object, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise SettingsError(
            f"datasets.yml, {where}: {what} {value!r} is none of {', '.join(allowed)}"
        )
    return value
