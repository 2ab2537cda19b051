"""Much to judge is read ahead: over a second connection, while other data sets are judged.

What is done with rows before anything of other data sets is looked up (`scratch.prepare`), and
what the gate remembers of them (`known.remember`, facts about raw rows, whatever becomes of these),
needs no other data set. Much of a judgement keeps one core busy or waits for the helper: the other
has time for it. Data sets are read in the order of their size; one that the judgement comes to
first is read there, as ever.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import DataSet
from loyalty_lens.quality import known, returns, scratch
from loyalty_lens.quality.suites import Suite
from loyalty_lens.warehouse.connection import connect

MUCH = 200_000  # rows of a data set; below, a second connection gains nothing
LOCK = 0x41484541  # "AHEA": held while reading ahead, so that what a killed run left is waited for


class Ahead:
    """Reads data sets ahead, from its start as a context manager to its end; then nothing is read.

    `take` tells whether a data set was read. An error in reading is raised there.
    """

    def __init__(
        self,
        url: str,
        data_sets: Mapping[str, DataSet],
        suites: Mapping[str, Suite],
        settings: Mapping[str, str],
        time_zone: str,
    ) -> None:
        self._url = url
        self._data_sets = data_sets
        self._suites = suites
        self._settings = settings
        self._time_zone = time_zone
        self._read: dict[str, Future[None]] = {}
        self._batches: dict[str, list[int]] = {}
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)

    def look(self, cursor: Cursor) -> None:
        """Looks for data sets with much to judge; the caller commits."""
        cursor.execute("select pg_advisory_lock(%s), pg_advisory_unlock(%s)", (LOCK, LOCK))
        cursor.execute(
            "select data_set from ops.load_batches where status = 'loaded' and data_set = any(%s)"
            " group by data_set having sum(rows_read) >= %s order by sum(rows_read) desc, data_set",
            (list(self._data_sets), MUCH),
        )
        names = [name for (name,) in cursor.fetchall()]
        batches = {name: to_read(cursor, self._data_sets[name]) for name in names}
        self._batches = {name: ids for name, ids in batches.items() if ids}
        if self._batches:
            # All rows are joined to them: a guess from before they came costs half a minute.
            cursor.execute("analyze ops.load_batches")

    def start(self) -> None:
        """Begins to read what was found."""
        if not self._batches:
            return
        self._connection = connect(self._url)
        for name in self._batches:
            self._read[name] = self._thread.submit(self._prepare, name)

    def take(self, cursor: Cursor, data_set: DataSet) -> bool:
        """Whether the data set was read, and is to be judged as it was then; waits for that."""
        reading = self._read.pop(data_set.name, None)
        if reading is None or reading.cancel():
            return False
        reading.result()
        return to_read(cursor, data_set) == self._batches[data_set.name]

    def _prepare(self, name: str) -> None:
        connection, data_set = self._connection, self._data_sets[name]
        assert connection is not None  # noqa: S101 - `start` made it
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            for setting, value in self._settings.items():
                cursor.execute("select set_config(%s, %s, true)", (setting, value))
            scratch.clear_prepared(cursor, data_set)
            scratch.prepare(cursor, data_set, self._suites[name], self._time_zone)
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            rows = scratch.rows_read(data_set)
            known.remember(cursor, data_set, rows, self._batches[name])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for reading in self._read.values():
            reading.cancel()
        if self._connection is not None:
            self._connection.cancel()  # of an error or Ctrl-C: nobody waits for what is being read
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()


def to_read(cursor: Cursor, data_set: DataSet) -> list[int]:
    """The batches to judge; none where more than their rows decides what is read, as rejects do."""
    cursor.execute(
        sql.SQL("select exists (select from reject.{} where status <> 'replayed')").format(
            sql.Identifier(data_set.name)
        )
    )
    if cursor.fetchone() == (True,) or returns.are_to_review(cursor, data_set):
        return []
    return scratch.loaded_batches(cursor, data_set)
