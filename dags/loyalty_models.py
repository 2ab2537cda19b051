"""Lifetime value, churn, clusters and sales to come, after the marts. `lens models` does the same.

Thin on purpose, as loyalty_daily.py: parsing imports nothing of the pipeline.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Context, task
from airflow.sdk.exceptions import AirflowFailException

LOG = logging.getLogger("loyalty_models")
MARTS = Asset("loyalty_marts")  # what loyalty_daily's `publish` says is new


def tell(context: Context) -> None:
    """Alerts once a task has no attempt left; the scores of the run before stay."""
    from loyalty_lens.scheduling.callbacks import task_failed

    task_failed(context, kind="models")


@task(
    doc_md="Fits on the marts that are there: `ops.model_fits`, `ops.model_metrics` and the scores"
    " of all customers, then the marts that show them."
)
def fit_and_score() -> dict[str, Any]:
    from loyalty_lens.errors import SettingsError
    from loyalty_lens.pipeline.lock import only_run
    from loyalty_lens.pipeline.models import run_models
    from loyalty_lens.pipeline.workers import Workers
    from loyalty_lens.settings import Settings
    from loyalty_lens.warehouse.access import warehouse_url

    try:
        settings = Settings.from_environment()
    except SettingsError as error:  # another attempt would meet the same ones
        raise AirflowFailException(str(error)) from error
    url = warehouse_url(settings)
    with only_run(url, wait=True), Workers(settings, url) as workers:
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
    default_args={
        "owner": "loyalty_lens",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": tell,
    },
    tags=["loyalty", "models"],
):
    fit_and_score()
