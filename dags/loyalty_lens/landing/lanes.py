"""Much to load goes by two lanes: each takes a data set, the largest first, until none is left.

Files of one data set are loaded one after the other, in their order, whatever the lanes: which
content is known, which batch takes whose place, is asked within a data set.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.splits import Split
from loyalty_lens.warehouse.connection import connect

MUCH = 32 << 20  # bytes; below, a second connection costs more than it gains
Result = TypeVar("Result")


def in_lanes(
    connection: Connection,
    url: str,
    files: Sequence[LandedFile],
    handle: Callable[[Connection, LandedFile], Result],
    *,
    new: Sequence[LandedFile],
    parameters: Mapping[str, str] | None = None,
) -> list[Result]:
    """What `handle` makes of each file, in the order of `files`.

    `new`: those of them that are not known yet; `parameters`: of the second lane's session. An
    error in one lane ends the other after the file in hand.
    """
    sizes = _sizes(new)
    if len(sizes) < 2 or sizes.total() < MUCH:
        return [handle(connection, file) for file in files]
    results: dict[int, Result] = {}
    broken = threading.Event()
    names = {file.data_set.name for file in files}
    left = deque(sorted(names, key=lambda name: (-sizes[name], name)))

    def go(lane: Connection) -> None:
        try:
            while name := _taken(left):
                of_data_set(lane, name)
        except BaseException:
            broken.set()
            raise

    def of_data_set(lane: Connection, name: str) -> None:
        for position, file in enumerate(files):
            if broken.is_set():
                return
            if file.data_set.name == name:
                results[position] = handle(lane, file)

    with (
        closing(connect(url, parameters=parameters)) as second,
        ThreadPoolExecutor(max_workers=1) as thread,
    ):
        beside = thread.submit(go, second)
        go(connection)
        beside.result()
    return [results[at] for at in range(len(files))]


def _sizes(new: Sequence[LandedFile]) -> Counter[str]:
    """Bytes by data set; none, for one lane alone, where a flat file makes batches of others."""
    sizes: Counter[str] = Counter()
    if not any(isinstance(file.data_set, Split) for file in new):
        for file in new:
            sizes[file.data_set.name] += file.mark.size if file.mark else 0
    return sizes


def _taken(left: deque[str]) -> str | None:
    """The next data set, for this lane alone."""
    try:
        return left.popleft()
    except IndexError:
        return None
