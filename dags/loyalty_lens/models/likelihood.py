"""Maximum likelihood of positive parameters, with standard errors and an honest word on success."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Array = npt.NDArray[np.float64]
STEP = 1e-4  # of the second derivatives, in logarithms of the parameters
FLAT = 1e-4  # a mean log-likelihood whose slope is steeper has not arrived


@dataclass(frozen=True)
class Fit:
    """Parameters by name, their standard errors (empty where the peak is none), and how it went."""

    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    customers: int
    is_converged: bool


def maximise(
    log_likelihood: Callable[[Array], tuple[float, Array]],
    start: dict[str, float],
    customers: int,
) -> Fit:
    """The parameters that make `log_likelihood`, the sum over `customers`, largest.

    `log_likelihood` gives its value and its slope by each parameter. The search is in logarithms:
    parameters stay positive. The standard errors are those of the inverse of the observed
    information, carried over from the logarithms (delta method). A fit has converged where the
    slope is flat and the likelihood falls in every direction.
    """

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        value, slope = log_likelihood(parameters)
        if not np.isfinite(value):
            return 1e10, np.zeros_like(logs)
        return -value / customers, -slope * parameters / customers

    found = minimize(
        loss,
        np.log(np.array(list(start.values()))),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-12.0, 12.0)] * len(start),
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    logs = np.asarray(found.x, dtype=np.float64)
    value, slope = loss(logs)
    variances = _variances(_curvature(loss, logs) * customers)
    is_converged = variances is not None and float(np.abs(slope).max()) < FLAT
    parameters = np.exp(logs)
    errors = [] if variances is None else list(np.sqrt(variances) * parameters)
    return Fit(
        parameters=dict(zip(start, map(float, parameters), strict=True)),
        standard_errors=dict(zip(start, map(float, errors), strict=False)),
        log_likelihood=float(-value * customers),
        customers=customers,
        is_converged=is_converged,
    )


def _curvature(loss: Callable[[Array], tuple[float, Array]], at: Array) -> Array:
    """The matrix of second derivatives, by central differences of the slope."""
    steps = np.eye(len(at)) * STEP
    rows = [(loss(at + step)[1] - loss(at - step)[1]) / (2 * STEP) for step in steps]
    matrix = np.array(rows)
    symmetric: Array = (matrix + matrix.T) / 2
    return symmetric


def _variances(information: Array) -> Array | None:
    """The diagonal of the inverse; None where the matrix is that of no peak."""
    try:
        np.linalg.cholesky(information)
        variances = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return None
    return variances if bool((variances > 0).all()) else None
