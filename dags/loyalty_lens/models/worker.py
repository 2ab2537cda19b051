"""The models in a process of their own (`loyalty_lens.worker`): read, fit, judge, write.

Importing scikit-learn and SciPy takes a second and a hundred megabytes that nothing else needs.
"""

import time
from typing import Any

from loyalty_lens.models.churn import churn
from loyalty_lens.models.clusters import clusters
from loyalty_lens.models.clv import lifetime_values
from loyalty_lens.models.inputs import read_inputs
from loyalty_lens.models.results import Outcome
from loyalty_lens.models.writing import write
from loyalty_lens.warehouse.connection import connected


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Fits and scores for the business date of the marts of `request["url"]`.

    `monthly_rate` discounts lifetime value. Keys of the answer: business_date (null where nobody
    ever bought), customers, fits (model, status, message, customers), metrics, seconds by step.
    """
    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def took(step: str) -> None:
        nonlocal started
        now = time.perf_counter()
        seconds[step], started = round(now - started, 2), now

    with connected(request["url"]) as connection:
        now = read_inputs(connection, "score")
        if now is None:
            return {"business_date": None, "customers": 0, "fits": [], "metrics": [], "seconds": {}}
        holdout = read_inputs(connection, "holdout")
        took("read")
        outcomes: list[Outcome] = [lifetime_values(now, holdout, request["monthly_rate"])]
        del holdout
        took("lifetime value")
        test, train = (read_inputs(connection, f"churn_{part}") for part in ("test", "train"))
        took("read for churn")
        outcomes.append(churn(now, test, train))
        took("churn")
        outcomes.append(clusters(now))
        took("clusters")
        write(connection, now.cutoff, now, outcomes)
    took("write")
    return {
        "business_date": now.cutoff.isoformat(),
        "customers": len(now),
        "fits": [fit.told() for outcome in outcomes for fit in outcome.fits],
        "metrics": [metric.told() for outcome in outcomes for metric in outcome.metrics],
        "seconds": seconds,
    }
