"""Closed months whose figures are other ones by now: one line each, in every summary."""

from psycopg2.extensions import connection as Connection  # noqa: N812

HAS_RESTATEMENTS = "select to_regclass('marts.points_restatements') is not null"
# By entry type: what differs in the sum, and the file with the largest part in it.
RESTATED = """
with
months as (
    select
        month, min(closed_at) as closed_at, sum(published_points) as published,
        sum(points_now) as now
    from marts.points_restatements group by month having bool_or(is_restated)
),
kinds as (
    select
        month, entry_type, sum(difference_points) as difference,
        (array_agg(source_file order by abs(difference_points) desc, source_file))[1] as file
    from marts.points_restatements where is_restated group by month, entry_type
)
select
    months.month, months.closed_at, months.published, months.now,
    array_agg(
        format('%s %s', kinds.entry_type, to_char(kinds.difference, 'FMSG999,999,999,999,990'))
        || coalesce(' (' || kinds.file || ')', '')
        order by abs(kinds.difference) desc, kinds.entry_type
    ) as causes
from months inner join kinds on months.month = kinds.month
group by months.month, months.closed_at, months.published, months.now
order by months.month
"""


def restated(connection: Connection) -> tuple[str, ...]:
    """One line per closed month that is restated by the marts of the last build."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_RESTATEMENTS)
        if cursor.fetchone() != (True,):
            return ()
        cursor.execute(RESTATED)
        return tuple(
            f"{month:%Y-%m}, closed on {closed_at:%Y-%m-%d} with a balance of {published:,},"
            f" is {now:,} now ({now - published:+,}): {', '.join(causes)};"
            " see marts.points_restatements"
            for month, closed_at, published, now, causes in cursor.fetchall()
        )
