"""What the models look at, read from `marts.model_inputs`: one row per customer, in chunks."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.models.likelihood import Array

CHUNK = 20_000
PURCHASES = ("repeat_day_count", "days_to_last", "age_days")
BEHAVIOUR = ("recency_days", "recent_day_count", "mean_amount")
VALUES = ("usual_day_count", "mean_value", "usual_mean_value", "total_amount")
LATER = ("later_day_count",)
# What is asked for on a cut-off: the view leaves out the work for all else.
ASKED = {
    "score": (*PURCHASES, *BEHAVIOUR, *VALUES),
    "holdout": (*PURCHASES, *LATER),
    "churn_test": (*PURCHASES, *BEHAVIOUR, *LATER),
    "churn_train": (*PURCHASES, *BEHAVIOUR, *LATER),
}
FIGURES = (*PURCHASES, *BEHAVIOUR, *VALUES, *LATER)


@dataclass(frozen=True)
class Inputs:
    """The customers of one cut-off; `columns` has an array for each name that ASKED has for it."""

    customers: list[str]
    columns: dict[str, Array]
    value_basis: str  # empty where no value was asked for
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
    """The customers of a cut-off; None where the history does not reach so far back.

    By id, so that folds and samples are the same in every run.
    """
    names = ASKED[cutoff]
    value_basis = "value_basis" if "mean_value" in names else "''"
    customers: list[str] = []
    chunks: list[Array] = []
    common: tuple[str, dt.date, dt.date | None, dt.date | None] | None = None
    with connection.cursor() as cursor:
        # Into a table first: a query read through a cursor is planned for its first rows, and
        # without parallel workers. What is the same for all stands in the last columns: asked for
        # apart, it would be reckoned twice.
        cursor.execute("drop table if exists pg_temp.inputs_read")
        cursor.execute(
            "create temporary table inputs_read on commit drop as"  # noqa: S608  (our own names)
            f" select customer_id, {', '.join(f'cast({n} as double precision)' for n in names)},"
            f" {value_basis} as value_basis, cutoff_date, window_from, window_until"
            " from marts.model_inputs where cutoff = %s",
            (cutoff,),
        )
    with connection.cursor(name="inputs_read") as cursor:
        cursor.itersize = CHUNK
        cursor.execute('select * from inputs_read order by customer_id collate "C"')
        while rows := cursor.fetchmany(CHUNK):
            customers += [row[0] for row in rows]
            # null reads as NaN
            chunks.append(np.array([row[1:-4] for row in rows], dtype=np.float64))
            common = rows[0][-4:]
    if common is None:
        return None
    table = np.concatenate(chunks)
    return Inputs(customers, dict(zip(names, table.T, strict=True)), *common)
