"""What the models say of a business date, before it is written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalty_lens.models.likelihood import Array, Fit

FITTED, NOT_CONVERGED, NOT_ENOUGH = "fitted", "not converged", "not enough data"


@dataclass(frozen=True)
class ModelFit:
    """One row of `ops.model_fits`."""

    model: str
    status: str
    customers: int
    message: str | None = None
    value_basis: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    log_likelihood: float | None = None

    def told(self) -> dict[str, Any]:
        """What the command says of it."""
        names = ("model", "status", "message", "customers")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Metric:
    """One row of `ops.model_metrics`: how well was foretold what came after `tested_on`."""

    model: str
    metric: str
    value: float
    baseline: str
    baseline_value: float
    customers: int
    trained_on: dt.date
    tested_on: dt.date

    def told(self) -> dict[str, Any]:
        """What the command says of it."""
        names = ("model", "metric", "value", "baseline_value")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Foretold:
    """One row of `ops.sales_forecasts`; a week is seven days, from the first day to come."""

    scope: str
    store_id: str
    period: str
    period_date: dt.date
    amount: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Outcome:
    """What one model adds: its fits, its metrics, and a column of scores for each name."""

    fits: list[ModelFit]
    metrics: list[Metric] = field(default_factory=list)
    scores: Mapping[str, Array] = field(default_factory=dict)


def of_likelihood(model: str, fit: Fit, value_basis: str | None = None) -> ModelFit:
    """The row of a fit by maximum likelihood."""
    return ModelFit(
        model=model,
        status=FITTED if fit.is_converged else NOT_CONVERGED,
        message=None if fit.is_converged else "the likelihood has no clear peak",
        customers=fit.customers,
        value_basis=value_basis,
        parameters=fit.parameters,
        standard_errors=fit.standard_errors,
        log_likelihood=fit.log_likelihood,
    )


def not_enough(model: str, message: str, customers: int, value_basis: str | None = None) -> Outcome:
    """A model that says nothing, and why."""
    return Outcome([ModelFit(model, NOT_ENOUGH, customers, message, value_basis)])
