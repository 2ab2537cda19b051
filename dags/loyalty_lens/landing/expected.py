"""Which data sets a day should bring, and which of them have not come yet."""

import datetime as dt
from collections.abc import Sequence

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.landing.arrival import Arrival, sort_out
from loyalty_lens.landing.discovery import find_files
from loyalty_lens.landing.known_content import unchanged
from loyalty_lens.landing.storage import place_of
from loyalty_lens.settings import Settings
from loyalty_lens.splits import load_layouts

HABIT_DAYS = 7
# By the files as delivered (a flat file is one, whatever it feeds), dated by their paths.
HABIT = """
select distinct files.data_set
from ops.landing_files as files
inner join ops.load_batches as batches on files.batch_id = batches.batch_id
where batches.status <> 'failed' and batches.file_date between %s and %s
"""
CAME = """
select distinct files.data_set
from ops.landing_files as files
inner join ops.load_batches as batches on files.batch_id = batches.batch_id
where batches.status <> 'failed'
    and greatest(batches.file_date, batches.last_business_date) >= %s
"""


def expected(connection: Connection, settings: Settings, day: dt.date) -> list[str]:
    """The data sets that `day` should bring: LENS_EXPECTED, else what the week before brought.

    Of masters only changes are delivered, so that only sales, events and stock are expected;
    files without a date in their path make no habit.
    """
    if settings.expected:
        return list(settings.expected)
    with connection.cursor() as cursor:
        cursor.execute(HABIT, (day - dt.timedelta(HABIT_DAYS), day - dt.timedelta(1)))
        names = {name for (name,) in cursor.fetchall()}
    return [
        name
        for name, layout in load_layouts().items()
        if name in names and layout.delivery == "events"
    ]


def missing(connection: Connection, settings: Settings, day: dt.date) -> list[str]:
    """Those of `expected` that were not loaded for `day` (or a later one)."""
    wanted = expected(connection, settings, day)
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(CAME, (day,))
        came = {name for (name,) in cursor.fetchall()}
    return [name for name in wanted if name not in came]


def still_to_come(connection: Connection, settings: Settings, day: dt.date) -> list[str]:
    """Those of `missing` that do not lie in the landing folder, complete, either.

    A file counts for `day` if its path carries that date or a later one, or none and it is new.
    Raises LandingError where the folder is missing.
    """
    wanted = missing(connection, settings, day)
    lying = _lying(connection, settings, day, wanted) if wanted else set()
    return [name for name in wanted if name not in lying]


def _lying(
    connection: Connection, settings: Settings, day: dt.date, wanted: Sequence[str]
) -> set[str]:
    place = place_of(settings.landing_url or settings.landing, settings.landing_options)
    found, ignored = find_files(place, load_layouts())
    arrival = Arrival(float(settings.settle_seconds), settings.marker)
    files, _, _ = sort_out(found, ignored, arrival)
    candidates = [
        file
        for file in files
        if file.data_set.name in wanted and (file.file_date is None or file.file_date >= day)
    ]
    with connection.cursor() as cursor:
        known = unchanged(cursor, [file for file in candidates if file.file_date is None])
    return {file.data_set.name for file in candidates if file.path not in known}
