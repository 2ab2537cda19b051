"""The `splits` of `datasets.yml` as typed objects: flat files that feed several data sets."""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from loyalty_lens.datasets import CONTRACT, DataSet, data_set_from, load_data_sets, read_contract
from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import own_data_sets

Kind = Literal["column", "constant", "join", "product", "date_time", "made"]
MADE = ("transaction", "position", "type")
KINDS: tuple[Kind, ...] = ("column", "constant", "join", "product", "date_time", "made")
PER = ("transaction", "row", "distinct")


@dataclass(frozen=True)
class Source:
    """One way to make a value; `columns` of the flat file must all be there for it to be used.

    `gather`: over the rows of a transaction the first value that is filled in, or the sum.
    """

    kind: Kind
    columns: tuple[str, ...] = ()
    text: str = ""  # constant: the value; join: what goes between; made: which
    gather: Literal["", "first", "sum"] = ""

    def __str__(self) -> str:
        return " and ".join(self.columns) or self.text


@dataclass(frozen=True)
class Feed:
    """A data set that the flat file feeds; each column lists its sources, the preferred first."""

    data_set: str
    per: Literal["transaction", "row", "distinct"]
    needs: tuple[str, ...]  # without these columns in the file the data set is not fed
    columns: dict[str, tuple[Source, ...]] = field(hash=False)


@dataclass(frozen=True)
class Returns:
    """Which rows belong to a return: a negative number, or a word in a column."""

    negative: tuple[str, ...]  # the first of them that is filled in decides
    column: str | None
    values: tuple[str, ...]
    sale_values: tuple[str, ...]


@dataclass(frozen=True)
class Split(DataSet):
    """A flat file's columns, and how the rows of other data sets are made from its rows."""

    transaction: tuple[str, ...] = ()  # what the rows of one transaction share
    agree: tuple[str, ...] = ()  # in what they should not differ
    returns: Returns = Returns((), None, (), ())
    feeds: tuple[Feed, ...] = ()
    definition: str = ""  # hash of all this


def load_splits(path: Path = CONTRACT) -> dict[str, Split]:
    """All splits by name; SettingsError if unusable. LENS_DATASETS may add to them."""
    return _load(path, own_data_sets())


def load_layouts(path: Path = CONTRACT) -> dict[str, DataSet]:
    """Whatever a file may be: the data sets, then the splits."""
    return {**load_data_sets(path), **load_splits(path)}


@functools.cache
def _load(path: Path, own: Path | None) -> dict[str, Split]:
    entries = read_contract(path, own).get("splits") or {}
    data_sets = load_data_sets(path)
    try:
        return {name: _split(str(name), entry, data_sets) for name, entry in entries.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{own or path}: splits are not readable ({error!r})") from error


def _split(name: str, entry: dict[str, Any], data_sets: dict[str, DataSet]) -> Split:
    flat = data_set_from(name, {**entry, "delivery": "events"})
    returns = entry.get("returns", {})
    making = {key: entry.get(key) for key in ("transaction", "agree", "returns", "feeds")}
    split = Split(
        **flat.__dict__,
        transaction=tuple(entry["transaction"]),
        agree=tuple(entry.get("agree", ())),
        returns=Returns(
            negative=tuple(returns.get("negative", ())),
            column=returns.get("column"),
            values=tuple(str(value).upper() for value in returns.get("values", ())),
            sale_values=tuple(str(value).upper() for value in returns.get("sale_values", ())),
        ),
        feeds=tuple(_feed(name, target, feed) for target, feed in entry["feeds"].items()),
        definition=hashlib.sha256(json.dumps(making, default=str).encode()).hexdigest()[:16],
    )
    _check(split, data_sets)
    return split


def _feed(name: str, data_set: str, entry: dict[str, Any]) -> Feed:
    per = entry["per"]
    if per not in PER:
        raise SettingsError(f"datasets.yml, {name}, {data_set}: per {per!r} is none of {PER}")
    columns = {column: _sources(name, value) for column, value in entry["columns"].items()}
    return Feed(data_set, per, tuple(entry.get("needs", ())), columns)


def _sources(name: str, value: Any) -> tuple[Source, ...]:
    """A column's name, one source, or a list of them."""
    entries = value if isinstance(value, list) else [value]
    return tuple(source for entry in entries for source in _gathered(name, entry))


def _gathered(name: str, entry: Any) -> Iterator[Source]:
    for gather in ("first", "sum"):
        if isinstance(entry, dict) and gather in entry:
            for source in _sources(name, entry[gather]):
                yield Source(source.kind, source.columns, source.text, gather)
            return
    yield _source(name, entry)


def _source(name: str, entry: Any) -> Source:
    if isinstance(entry, str):
        return Source("column", (entry,))
    kind = next((kind for kind in KINDS if kind in entry), None)
    if kind is None:
        raise SettingsError(f"datasets.yml, {name}: {entry!r} is none of {', '.join(KINDS)}")
    value = entry[kind]
    if kind in ("constant", "made"):
        if kind == "made" and value not in MADE:
            raise SettingsError(f"datasets.yml, {name}: made {value!r} is none of {MADE}")
        return Source(kind, text=str(value))
    columns = (value,) if isinstance(value, str) else tuple(value)
    return Source(kind, columns, text=str(entry.get("with", " ")))


def _check(split: Split, data_sets: dict[str, DataSet]) -> None:
    """Every name must be one of the flat file's columns, or of the data set that is fed."""
    where = f"datasets.yml, {split.name}"
    named = [*split.transaction, *split.agree, *split.returns.negative]
    named += [split.returns.column] if split.returns.column else []
    for feed in split.feeds:
        if feed.data_set not in data_sets:
            raise SettingsError(f"{where}: {feed.data_set!r} is no data set")
        target = data_sets[feed.data_set]
        unknown = [column for column in feed.columns if column not in target.column_names]
        absent = [column for column in target.required if column not in feed.columns]
        if unknown or absent:
            what = f"{unknown[0]!r} is no column" if unknown else f"{absent[0]!r} is not made"
            raise SettingsError(f"{where}, {feed.data_set}: {what}")
        named += feed.needs
        named += [name for made in feed.columns.values() for way in made for name in way.columns]
    missing = [name for name in named if name not in split.column_names]
    if missing:
        raise SettingsError(f"{where}: {missing[0]!r} is no column of the file")
