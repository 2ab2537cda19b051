"""Who will not come back: a logistic regression, judged on days that it was not shown.

Trained on what was known on one day and what came in the window after it, judged on a later day
whose window begins after the first one's end. Recency alone, treated the same way, is the baseline.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from loyalty_lens.models.inputs import Inputs
from loyalty_lens.models.likelihood import Array
from loyalty_lens.models.results import FITTED, Metric, ModelFit, Outcome, not_enough

MODEL, BASELINE = "Churn", "Recency alone"
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # of regularisation, inverse; k-fold decides
FOLDS = 5
LEAST_CUSTOMERS, LEAST_OF_A_KIND = 500, 50
MOST_IN_FOLDS = 50_000  # more add nothing to the choice of a strength and a threshold
FEATURES = (
    "recency",
    "days_of_purchase",
    "age",
    "recent_days",
    "amount",
    "recency_over_own_gap",
)
Flags = npt.NDArray[np.bool_]


def features(inputs: Inputs) -> Array:
    """One row per customer, a column for each name of FEATURES; nothing after the cut-off."""
    column = inputs.columns
    repeats, recency = column["repeat_day_count"], column["recency_days"]
    usual_gap = np.where(
        repeats > 0, column["days_to_last"] / np.maximum(repeats, 1), column["age_days"]
    )
    table: Array = np.log1p(
        np.column_stack(
            [
                recency,
                repeats,
                column["age_days"],
                column["recent_day_count"],
                np.maximum(column["mean_amount"], 0),
                recency / np.maximum(usual_gap, 1),
            ]
        )
    )
    return table


@dataclass(frozen=True)
class _Trained:
    """A model with the threshold from which it says that somebody will not come back."""

    pipeline: Pipeline
    threshold: float

    def probabilities(self, table: Array) -> Array:
        found: Array = self.pipeline.predict_proba(table)[:, 1]
        return found


def churn(now: Inputs, test: Inputs | None, train: Inputs | None) -> Outcome:
    """The probability of no purchase in the next window, of the customers of `now`.

    What is published is fitted once more, on the newest day whose window is over (`test`), with the
    strength that the folds of `train` chose; the metrics are those of the model that saw `train`.
    """
    if train is None or test is None:
        return not_enough(
            MODEL, "the history is too short: two windows of it are needed, one after the other", 0
        )
    for inputs in (train, test):
        if problem := _too_little(inputs):
            return not_enough(MODEL, problem, len(inputs))
    strength, trained = _train(features(train), _gone(train))
    _, baseline = _train(features(train)[:, :1], _gone(train))
    metrics = _metrics(trained, baseline, train, test)
    last = _pipeline(strength).fit(features(test), _gone(test))
    parameters = dict(zip(FEATURES, map(float, last[-1].coef_[0]), strict=True))
    parameters |= {
        "intercept": float(last[-1].intercept_[0]),
        "strength": strength,
        "threshold": trained.threshold,
    }
    fit = ModelFit(MODEL, FITTED, len(test), parameters=parameters)
    scores = {"churn_probability": _Trained(last, 0.5).probabilities(features(now))}
    return Outcome([fit], metrics, scores)


def _gone(inputs: Inputs) -> Flags:
    found: Flags = inputs.columns["later_day_count"] == 0
    return found


def _too_little(inputs: Inputs) -> str:
    """Why a day is not enough to learn from or to judge by; empty where it is."""
    gone = int(_gone(inputs).sum())
    if len(inputs) < LEAST_CUSTOMERS or min(gone, len(inputs) - gone) < LEAST_OF_A_KIND:
        return (
            f"on {inputs.cutoff} {len(inputs)} customers, {gone} of them stayed away; needed are"
            f" {LEAST_CUSTOMERS}, and {LEAST_OF_A_KIND} of either kind"
        )
    return ""


def _pipeline(strength: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))


def _train(table: Array, gone: Flags) -> tuple[float, _Trained]:
    """Strength and threshold by k-fold inside the training day, then a fit on all of it."""
    folded, label = table, gone
    if len(table) > MOST_IN_FOLDS:
        chosen = np.random.default_rng(0).choice(len(table), MOST_IN_FOLDS, replace=False)
        folded, label = table[chosen], gone[chosen]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        foretold = {
            strength: cross_val_predict(
                _pipeline(strength), folded, label, cv=folds, method="predict_proba"
            )[:, 1]
            for strength in STRENGTHS
        }
        best = min(STRENGTHS, key=lambda strength: float(log_loss(label, foretold[strength])))
        pipeline = _pipeline(best).fit(table, gone)
    return best, _Trained(pipeline, _threshold(label, foretold[best]))


def _threshold(gone: Flags, probabilities: Array) -> float:
    """The threshold of the highest F1, of those at which the answer of somebody changes."""
    order = np.argsort(-probabilities, kind="stable")
    hits = gone[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + gone.sum())
    return float(probabilities[order][int(f1.argmax())])


def _metrics(model: _Trained, baseline: _Trained, train: Inputs, test: Inputs) -> list[Metric]:
    gone, table = _gone(test), features(test)
    pair = [_judged(gone, model, table), _judged(gone, baseline, table[:, :1])]
    return [
        Metric(MODEL, name, value, BASELINE, pair[1][name], len(test), train.cutoff, test.cutoff)
        for name, value in pair[0].items()
    ]


def _judged(gone: Flags, model: _Trained, table: Array) -> dict[str, float]:
    probabilities = model.probabilities(table)
    said = probabilities >= model.threshold
    return {
        "AUC": float(roc_auc_score(gone, probabilities)),
        "Precision": float(precision_score(gone, said, zero_division=0.0)),
        "Recall": float(recall_score(gone, said)),
        "F1": float(f1_score(gone, said)),
        "Accuracy": float(accuracy_score(gone, said)),
        "Brier": float(brier_score_loss(gone, probabilities)),
    }
