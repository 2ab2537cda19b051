"""What the models say, into `ops`: all of a business date in one transaction."""

import datetime as dt
import io
import json
import math
from collections.abc import Iterable, Iterator

import numpy as np
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extras import execute_values

from loyalty_lens.models.inputs import Inputs
from loyalty_lens.models.likelihood import Array
from loyalty_lens.models.results import Foretold, Metric, ModelFit, Outcome

CHUNK = 20_000
WHOLE = {"clv_quintile", "cluster_number"}
SCORES = (
    "probability_alive",
    "expected_purchases_90_days",
    "expected_purchases_365_days",
    "expected_amount",
    "clv_amount",
    "clv_quintile",
    "churn_probability",
    "cluster_number",
)


def write(
    connection: Connection, business_date: dt.date, inputs: Inputs | None, outcomes: list[Outcome]
) -> None:
    """Replaces the scores of all customers, and what was fitted for this business date before."""
    with connection.cursor() as cursor:
        for table in ("model_fits", "model_metrics"):
            cursor.execute(f"delete from ops.{table} where business_date = %s", (business_date,))  # noqa: S608
        cursor.execute("truncate ops.customer_scores")
    fits = [fit for outcome in outcomes for fit in outcome.fits]
    _write_fits(connection, business_date, fits)
    _write_metrics(connection, business_date, [m for outcome in outcomes for m in outcome.metrics])
    if inputs is not None:
        scores = {name: values for o in outcomes for name, values in o.scores.items()}
        _copy_scores(connection, business_date, inputs, scores)


def write_sales(
    connection: Connection,
    business_date: dt.date,
    outcomes: list[Outcome],
    foretold: Iterable[Foretold],
) -> None:
    """Replaces all forecasts, and what these models said for this business date before."""
    fits = [fit for outcome in outcomes for fit in outcome.fits]
    models = [fit.model for fit in fits]
    with connection.cursor() as cursor:
        for table in ("model_fits", "model_metrics"):
            cursor.execute(
                f"delete from ops.{table} where business_date = %s and model = any(%s)",  # noqa: S608
                (business_date, models),
            )
        cursor.execute("truncate ops.sales_forecasts")
        execute_values(
            cursor,
            "insert into ops.sales_forecasts (scope, store_id, period, period_date, business_date,"
            " forecast_amount, lower_amount, upper_amount) values %s",
            [
                (
                    row.scope,
                    row.store_id,
                    row.period,
                    row.period_date,
                    business_date,
                    row.amount,
                    row.lower,
                    row.upper,
                )
                for row in foretold
            ],
        )
    _write_fits(connection, business_date, fits)
    _write_metrics(connection, business_date, [m for outcome in outcomes for m in outcome.metrics])


def _write_fits(connection: Connection, business_date: dt.date, fits: Iterable[ModelFit]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.model_fits (model, business_date, status, message, value_basis,"
            " customers, parameters, standard_errors, log_likelihood)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    fit.model,
                    business_date,
                    fit.status,
                    fit.message,
                    fit.value_basis,
                    fit.customers,
                    json.dumps(dict(fit.parameters)),
                    json.dumps(dict(fit.standard_errors)),
                    fit.log_likelihood,
                )
                for fit in fits
            ],
        )


def _write_metrics(
    connection: Connection, business_date: dt.date, metrics: Iterable[Metric]
) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.model_metrics (business_date, model, metric, value, baseline,"
            " baseline_value, customers, trained_on, tested_on)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    business_date,
                    metric.model,
                    metric.metric,
                    metric.value,
                    metric.baseline,
                    metric.baseline_value,
                    metric.customers,
                    metric.trained_on,
                    metric.tested_on,
                )
                for metric in metrics
                if not math.isnan(metric.value)  # nothing came to hold it against
            ],
        )


def _copy_scores(
    connection: Connection, business_date: dt.date, inputs: Inputs, scores: dict[str, Array]
) -> None:
    columns = ("customer_id", "business_date", "value_basis", "purchase_days", *SCORES)
    statement = f"copy ops.customer_scores ({', '.join(columns)}) from stdin"
    with connection.cursor() as cursor:
        for first in range(0, len(inputs), CHUNK):
            rows = _rows(slice(first, first + CHUNK), business_date, inputs, scores)
            cursor.copy_expert(statement, io.StringIO("".join(rows)))


def _rows(
    part: slice, business_date: dt.date, inputs: Inputs, scores: dict[str, Array]
) -> Iterator[str]:
    nothing = np.full(len(inputs.customers[part]), np.nan)
    texts = [
        [
            _text(value, whole=name in WHOLE)
            for value in (scores[name][part] if name in scores else nothing)
        ]
        for name in SCORES
    ]
    days = (inputs.columns["repeat_day_count"][part] + 1).astype(int)
    for customer, day_count, *values in zip(inputs.customers[part], days, *texts, strict=True):
        key = customer.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        key = key.replace("\r", "\\r")
        yield "\t".join((key, str(business_date), inputs.value_basis, str(day_count), *values))
        yield "\n"


def _text(value: float, *, whole: bool) -> str:
    if math.isnan(value):
        return "\\N"
    return str(int(value)) if whole else repr(float(value))
