"""Connections of the dbt process that outlive a model.

dbt opens one for each model and closes it after: a login, and a server process that learns every
function and table anew. Here a closed one waits for the next, emptied of what a session may leave.
"""

import threading
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extensions import connection as Connection  # noqa: N812

_open: Any = psycopg2.connect
_waiting: list[tuple[dict[str, Any], "_Kept"]] = []
_lock = threading.Lock()


def keep_connections() -> None:
    """Whoever opens one in this process, from here on, gets one that is kept."""
    psycopg2.connect = connect  # type: ignore[assignment]


def connect(**arguments: Any) -> Connection:
    """As psycopg2.connect; one that waits is used where the server still knows it."""
    while kept := _taken(arguments):
        try:
            with kept.cursor() as cursor:
                cursor.execute("select 1")
            kept.rollback()
            return kept
        except psycopg2.Error:
            Connection.close(kept)
    opened: _Kept = _open(**arguments, connection_factory=_Kept)
    opened.arguments = arguments
    return opened


class _Kept(Connection):
    """A connection that waits instead of closing."""

    arguments: dict[str, Any]

    def close(self) -> None:
        """Back to where it can be taken again; one that is broken, or in a mess, is closed."""
        try:
            if not self.closed:
                self.rollback()
                self.autocommit = True
                with self.cursor() as cursor:
                    cursor.execute("discard all")
                self.autocommit = False
        except psycopg2.Error:
            pass
        if self.closed or self.info.transaction_status != TRANSACTION_STATUS_IDLE:
            super().close()
            return
        with _lock:
            _waiting.append((self.arguments, self))


def _taken(arguments: dict[str, Any]) -> "_Kept | None":
    with _lock:
        found = next((entry for entry in _waiting if entry[0] == arguments), None)
        if found:
            _waiting.remove(found)
    return found[1] if found else None
