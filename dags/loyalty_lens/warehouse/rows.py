"""Whether the rows of a table are those that were there before."""

# A query in brackets of one text, for the table's name: how many rows there are, who wrote them.
# Another text after any change: exact, and no column is read.
WRITTEN = """
(
    select
        count(*) || '.' || coalesce(
            sum(hashint8extended(cast(cast(rows.xmin as text) as bigint), 0)), 0
        )
    from {} as rows
)
"""
