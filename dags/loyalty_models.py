"""Lifetime value, churn, clusters and sales to come, after the marts. `lens models` does the same.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

import logging
from datetime import datetime
from typing import Any

from airflow.sdk import DAG, Asset, task

from loyalty_lens.scheduling.jobs import alerts, default_args, warehouse_alone, with_results

LOG = logging.getLogger("loyalty_models")
MARTS = Asset("loyalty_marts")  # what loyalty_daily's `publish` says is new


@task(
    doc_md="Fits on the marts that are there: `ops.model_fits`, `ops.model_metrics` and the scores"
    " of all customers, then the marts that show them."
)
def fit_and_score() -> dict[str, Any]:
    from loyalty_lens.pipeline.models import run_models
    from loyalty_lens.pipeline.workers import Workers

    with warehouse_alone() as (settings, url), Workers(settings, url) as workers:
        found = run_models(settings, url, workers)
    LOG.info("%s customers scored as of %s", found["customers"], found["business_date"])
    return found


with DAG(
    dag_id="loyalty_models",
    description="Lifetime value, churn, clusters and sales to come, after the marts",
    doc_md="""
### Loyalty Lens, the models

Runs whenever `loyalty_daily` has published: BG/NBD and Gamma-Gamma (lifetime value), a logistic
regression (churn), k-means, and exponential smoothing (sales of the next four weeks), each on the
marts as they are, for their business date.

**What comes out**: `marts.customer_clv`, `customer_churn`, `customer_clusters`, `sales_forecast`,
and how far to trust them: `marts.model_fits` and `marts.model_metrics`.

**When it fails**: the scores of the run before stay. Its log ends with one line that says what to
do; clear the task. Not enough data is no failure: `model_fits` says so.
""",
    schedule=[MARTS],
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(alerts("models")),  # the scores of the run before stay
    tags=["loyalty", "models"],
):
    with_results(fit_and_score())
