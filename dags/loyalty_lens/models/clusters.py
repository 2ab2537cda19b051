"""Groups of similar customers by k-means: one more way to look at them, beside the rules."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from loyalty_lens.models.inputs import Inputs
from loyalty_lens.models.likelihood import Array
from loyalty_lens.models.results import FITTED, ModelFit, Outcome, not_enough

MODEL = "Clusters"
CHOICES = range(2, 9)
LEAST_CUSTOMERS = 100
FITTED_ON, COMPARED_ON = 10_000, 2_000  # customers; a silhouette compares each with each


def clusters(inputs: Inputs) -> Outcome:
    """The cluster of each customer, 1 the one of the highest mean revenue.

    log1p and z-score of recency, days of purchase and revenue; fixed seed; as many clusters as the
    silhouette says. Numbered by revenue, so that a number means the same in every run.
    """
    if len(inputs) < LEAST_CUSTOMERS:
        return not_enough(
            MODEL, f"{len(inputs)} customers, {LEAST_CUSTOMERS} are needed", len(inputs)
        )
    column = inputs.columns
    revenue = np.maximum(column["total_amount"], 0)
    table = np.log1p(
        np.column_stack([column["recency_days"], column["repeat_day_count"] + 1, revenue])
    )
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1)
    sample = _sample(table, FITTED_ON)
    best, silhouette = _best(sample)
    labels = best.predict(table)
    means = np.array([revenue[labels == label].mean() for label in range(best.n_clusters)])
    numbers = np.empty(len(means))
    numbers[np.argsort(-means, kind="stable")] = np.arange(1, len(means) + 1)
    parameters = {"clusters": float(best.n_clusters), "silhouette": silhouette}
    fit = ModelFit(MODEL, FITTED, len(inputs), parameters=parameters)
    return Outcome([fit], scores={"cluster_number": numbers[labels]})


def _best(sample: Array) -> tuple[KMeans, float]:
    fits = [KMeans(count, n_init=3, random_state=0).fit(sample) for count in CHOICES]
    compared = _sample(sample, COMPARED_ON)
    found = [float(silhouette_score(compared, fit.predict(compared))) for fit in fits]
    place = int(np.argmax(found))
    return fits[place], found[place]


def _sample(table: Array, count: int) -> Array:
    """At most so many rows, always the same ones of the same table."""
    if len(table) <= count:
        return table
    return table[np.random.default_rng(0).choice(len(table), count, replace=False)]
