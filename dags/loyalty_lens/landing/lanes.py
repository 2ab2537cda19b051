"""Much to load goes by two lanes: the data set with the most bytes in one, all others in the other.

Files of one data set are loaded one after the other, in their order, whatever the lanes: which
content is known, which batch takes whose place, is asked within a data set.
"""

import threading
from collections import Counter
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
    alone = _alone(new)
    if alone is None:
        return [handle(connection, file) for file in files]
    results: dict[int, Result] = {}
    broken = threading.Event()

    def go(lane: Connection, positions: Sequence[int]) -> None:
        try:
            for position in positions:
                if broken.is_set():
                    return
                results[position] = handle(lane, files[position])
        except BaseException:
            broken.set()
            raise

    own = [at for at, file in enumerate(files) if file.data_set.name == alone]
    others = [at for at, file in enumerate(files) if file.data_set.name != alone]
    with (
        closing(connect(url, parameters=parameters)) as second,
        ThreadPoolExecutor(max_workers=1) as thread,
    ):
        beside = thread.submit(go, second, others)
        go(connection, own)
        beside.result()
    return [results[at] for at in range(len(files))]


def _alone(new: Sequence[LandedFile]) -> str | None:
    """The data set that has a lane of its own; None where there is but one lane.

    A flat file makes batches of other data sets: then all go by one.
    """
    if any(isinstance(file.data_set, Split) for file in new):
        return None
    sizes: Counter[str] = Counter()
    for file in new:
        sizes[file.data_set.name] += file.mark.size if file.mark else 0
    if len(sizes) < 2 or sizes.total() < MUCH:
        return None
    return sizes.most_common(1)[0][0]
