"""The step after the marts: models fitted on them, and the marts that show what they say."""

import datetime as dt
import logging
from typing import Any

from loyalty_lens.errors import TransformError
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build, refuse_unjudged
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker

LOG = logging.getLogger(__name__)
CUSTOMERS, SALES = "loyalty_lens.models.worker", "loyalty_lens.models.sales_worker"
HAS_MARTS = "select to_regclass('marts.model_inputs') is not null"


def run_models(settings: Settings, url: str, workers: Workers) -> dict[str, Any]:
    """Fits the models on the marts that are there, scores every customer, builds what reads that.

    Whoever calls holds the warehouse (`only_run`). What was scored before stays until the new
    scores are complete. Keys of the answer: business_date (None: nobody ever bought), customers,
    fits, metrics, seconds (by step).
    Raises TransformError where files wait for the gate, or marts were never built.
    """
    refuse_unjudged(url)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(HAS_MARTS)
        is_built = cursor.fetchone() == (True,)
    if not is_built:
        raise TransformError("the marts were never built: lens run builds them, then lens models")
    with models_worker() as worker:
        found: dict[str, Any] = worker.call(url=url, monthly_rate=float(settings.discount_rate))
    with models_worker(SALES) as worker:
        sales = worker.call(url=url)
    date = found["business_date"] = found["business_date"] or sales["business_date"]
    for name in ("fits", "metrics"):
        found[name] += sales[name]
    found["seconds"] |= sales["seconds"]
    for fit in found["fits"]:
        LOG.info("%s: %s%s", fit["model"], fit["status"], _because(fit["message"]))
    business_date = dt.date.fromisoformat(date) if date else None
    LOG.info("models    done in %.1f s", sum(found["seconds"].values()))
    build(url, workers.dbt, "models", run_id=None, business_date=business_date)
    return found


def models_worker(module: str = CUSTOMERS) -> Worker:
    """The process of some of the models.

    One thread: two that wait for each other on a busy machine take longer than one, and each takes
    memory of its own.
    """
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Worker(module, threads)


def _because(message: str | None) -> str:
    return f" ({message})" if message else ""
