"""The models of sales in a process of their own (`loyalty_lens.worker`): read, fit, judge, write.

Apart from those of customers: pandas and statsmodels take a hundred megabytes besides.
"""

import time
from typing import Any

from loyalty_lens.models.next_best import next_best
from loyalty_lens.models.sales_forecast import forecasts
from loyalty_lens.models.sales_series import business_date, read_series
from loyalty_lens.models.writing import write_sales
from loyalty_lens.warehouse.connection import connected


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Foretells sales, and judges what to offer next, for the marts of `request["url"]`.

    Keys of the answer: as those of `loyalty_lens.models.worker`.
    """
    started = time.perf_counter()
    with connected(request["url"]) as connection:
        date = business_date(connection)
        if date is None:
            return {"business_date": None, "fits": [], "metrics": [], "seconds": {}}
        sales, rows = forecasts(read_series(connection, date))
        took = time.perf_counter()
        outcomes = [sales, next_best(connection)]
        write_sales(connection, date, outcomes, rows)
    return {
        "business_date": date.isoformat(),
        "fits": [fit.told() for outcome in outcomes for fit in outcome.fits],
        "metrics": [metric.told() for outcome in outcomes for metric in outcome.metrics],
        "seconds": {
            "sales forecast": round(took - started, 2),
            "next best products": round(time.perf_counter() - took, 2),
        },
    }
