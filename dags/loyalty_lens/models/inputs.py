"""What the models look at, read from `marts.model_inputs`: one row per customer, in chunks."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.models.likelihood import Array

CHUNK = 20_000
FIGURES = (
    "repeat_day_count",
    "days_to_last",
    "age_days",
    "recency_days",
    "recent_day_count",
    "usual_day_count",
    "later_day_count",
    "mean_value",
    "usual_mean_value",
    "mean_amount",
    "total_amount",
)
# In the order of their ids, so that folds and samples are the same in every run.
CUSTOMERS = f"""
select customer_id, {", ".join(f"cast({name} as double precision)" for name in FIGURES)}
from marts.model_inputs where cutoff = %s order by customer_id collate "C"
"""  # noqa: S608  (our own names)
CUTOFF = """
select value_basis, cutoff_date, window_from, window_until
from marts.model_inputs where cutoff = %s limit 1
"""


@dataclass(frozen=True)
class Inputs:
    """The customers of one cut-off; `columns` has an array for each name of FIGURES."""

    customers: list[str]
    columns: dict[str, Array]
    value_basis: str
    cutoff: dt.date
    window_from: dt.date | None
    window_until: dt.date | None

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def weeks(self) -> tuple[Array, Array, Array]:
        """x, t_x and T of BG/NBD, times in weeks."""
        days_to_last, age = self.columns["days_to_last"], self.columns["age_days"]
        return self.columns["repeat_day_count"], days_to_last / 7, age / 7


def read_inputs(connection: Connection, cutoff: str) -> Inputs | None:
    """The customers of a cut-off; None where the history does not reach so far back."""
    with connection.cursor() as cursor:
        cursor.execute(CUTOFF, (cutoff,))
        found = cursor.fetchone()
    if found is None:
        return None
    customers: list[str] = []
    chunks: list[Array] = []
    with connection.cursor(name="model_inputs") as cursor:
        cursor.itersize = CHUNK
        cursor.execute(CUSTOMERS, (cutoff,))
        while rows := cursor.fetchmany(CHUNK):
            customers += [row[0] for row in rows]
            # null reads as NaN
            chunks.append(np.array([row[1:] for row in rows], dtype=np.float64))
    table = np.concatenate(chunks)
    return Inputs(customers, dict(zip(FIGURES, table.T, strict=True)), *found)
