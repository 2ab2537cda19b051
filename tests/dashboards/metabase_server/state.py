"""What the stand-in remembers, how it refuses, and which faults it was told to show."""

import itertools
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
JOBS = re.compile(r"^/api/(session|database/\d+/(sync_schema|rescan_values)|card/\d+/query)$")


# "reset": nothing happened; "lost answer": it happened, and nobody was told.
Kind = Literal["500", "503", "reset", "lost answer", "expired session"]


class RefusalError(Exception):
    """An answer other than success: `status`, and what Metabase would say."""

    def __init__(self, status: int, body: Json | str) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Request:
    """One request as a route sees it: undeclared keys are gone from `body`."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Json


@dataclass(frozen=True)
class Recorded:
    """One request as it came, and how it was answered."""

    method: str
    path: str
    body: Any
    status: int | None  # None: the connection was reset
    dropped: tuple[str, ...]  # keys that Metabase would silently ignore

    @property
    def is_write(self) -> bool:
        """It changes what Metabase holds; logging in, jobs and queries do not."""
        return self.method != "GET" and not JOBS.match(self.path)


@dataclass
class Fault:
    """The next requests that match, after `after` others that match, fail like this."""

    kind: Kind
    method: str = "GET|POST|PUT"
    path: str = "/.*"
    after: int = 0
    times: int = 1

    def strikes(self, method: str, path: str) -> bool:
        """Counts a request that matches and says whether this one fails."""
        if not (re.fullmatch(self.method, method) and re.fullmatch(self.path, path)):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0


def _ids(first: int) -> Iterator[int]:
    """Each kind counts from another number, so that ids mixed up are found."""
    return itertools.count(first)


@dataclass
class State:
    """Everything of one Metabase, from before its first user on."""

    polls_until_synced: int = 2
    lock: threading.RLock = field(default_factory=threading.RLock)
    setup_token: str | None = field(default_factory=lambda: str(uuid.uuid4()))
    users: dict[str, str] = field(default_factory=dict)  # email: password
    sessions: set[str] = field(default_factory=set)
    api_keys: set[str] = field(default_factory=set)
    settings: Json = field(default_factory=lambda: {"custom-homepage": False})
    databases: dict[int, Json] = field(default_factory=dict)
    syncing: dict[int, int] = field(default_factory=dict)  # database: polls until it is read
    tables: dict[int, list[Json]] = field(default_factory=dict)  # database: as last read
    known: dict[tuple[Any, ...], int] = field(default_factory=dict)  # of tables and fields: id
    fields: dict[int, Json] = field(default_factory=dict)  # what was set by hand
    described: dict[int, str] = field(default_factory=dict)  # tables and fields: description
    collections: dict[int, Json] = field(default_factory=dict)
    cards: dict[int, Json] = field(default_factory=dict)
    dashboards: dict[int, Json] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=lambda: {1: "All Users", 2: "Administrators"})
    data_graph: Json = field(default_factory=dict)
    data_revision: int = 1
    collection_graph: Json = field(default_factory=lambda: {"1": {"root": "write"}})
    collection_revision: int = 1
    recorded: list[Recorded] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    database_ids: Iterator[int] = field(default_factory=lambda: _ids(2))
    collection_ids: Iterator[int] = field(default_factory=lambda: _ids(5))
    dashboard_ids: Iterator[int] = field(default_factory=lambda: _ids(11))
    tab_ids: Iterator[int] = field(default_factory=lambda: _ids(21))
    group_ids: Iterator[int] = field(default_factory=lambda: _ids(31))
    table_ids: Iterator[int] = field(default_factory=lambda: _ids(51))
    card_ids: Iterator[int] = field(default_factory=lambda: _ids(101))
    dashcard_ids: Iterator[int] = field(default_factory=lambda: _ids(301))
    field_ids: Iterator[int] = field(default_factory=lambda: _ids(1001))


def one_of(things: dict[int, Json], number: str | int) -> Json:
    """The thing of that id; 404 in Metabase's words where there is none."""
    found = things.get(int(number))
    if found is None:
        raise RefusalError(404, "Not found.")
    return found


def invalid(key: str, why: str) -> RefusalError:
    """400 as Metabase words a body that does not fit."""
    return RefusalError(400, {"errors": {key: why}, "specific-errors": {key: [why]}})


def entity_id(number: int, kind: str) -> str:
    """21 characters, as Metabase gives to everything."""
    return f"{kind}{number}".ljust(21, "_")[:21]
