"""The transform steps of a run: which dbt command each layer is, and what is recorded of it."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from psycopg2.extras import execute_values

from loyalty_lens.errors import TransformError
from loyalty_lens.quality.outliers import record_outliers
from loyalty_lens.transform import standing, unchanged
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.worker import Worker

NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "staging": (("build", "--select", "resource_type:seed", "path:models/staging", *NO_TESTS),),
    "clean": (("run", "--select", "path:models/clean"),),
    "marts": (("run", "--select", "path:models/marts"), ("test", "--select", "tag:daily")),
    # Whatever reads the scores, and what reads that; the sales ask customers for segments alone.
    "models": (
        (
            *("run", "--select", "source:ops.customer_scores+"),
            *("--exclude", "path:models/marts/sales"),
        ),
    ),
    "all": (("build", *NO_TESTS), ("test", "--select", "tag:daily")),
    "tests": (("test",),),
    "data tests": (("test", "--exclude-resource-type", "unit_test"),),
}
LAYERS = ("staging", "clean", "marts")
# What transform.runner tells of a node, and ops.model_runs keeps.
NODE_COLUMNS = (
    "unique_id",
    "resource_type",
    "status",
    "started_at",
    "execution_seconds",
    "rows_affected",
    "failures",
    "message",
)


def build(
    url: str, worker: Worker, layer: str, *, run_id: str | None, business_date: dt.date | None
) -> dict[str, int]:
    """Builds one layer (or `all`, what reads the `models`, or only the `tests`).

    Returns the number of nodes by kind. A layer that stands is left as it is, and its models are
    recorded as `unchanged`: staging as the project would build it (`standing`), clean and marts
    where a build would change nothing (`unchanged`).
    Raises TransformError naming the first model or test that failed; what was built before stays,
    each table replaced in one transaction.
    """
    refuse_unjudged(url)
    before = _state(url, worker, layer, business_date)
    with connected(url) as connection, connection.cursor() as cursor:
        stands = standing.standing(cursor, before, layer)
    if stands:
        _record(url, run_id, stands)
        return _counts(stands)
    nodes: list[dict[str, Any]] = []
    for command in COMMANDS[layer]:
        done = worker.call(arguments=[*command, *_variables(business_date)])
        nodes += done
        _record(url, run_id, done)
        failed = [node for node in done if node["status"] not in ("success", "pass", "warn")]
        if failed:
            raise TransformError(_told(failed))
    if layer in ("clean", "all"):
        record_outliers(url, run_id)
    after = _state(url, worker, layer, business_date)
    # What staging says changes with the project alone; the others stand where nothing has changed.
    if after and (layer == standing.LAYER or after == before):
        with connected(url) as connection, connection.cursor() as cursor:
            standing.remember(cursor, after, nodes, layer)
    return _counts(nodes)


def _state(url: str, worker: Worker, layer: str, business_date: dt.date | None) -> str | None:
    """Of all that the layer follows from; None where it is built whatever that is."""
    with connected(url) as connection, connection.cursor() as cursor:
        if layer == standing.LAYER:
            return standing.fingerprint(cursor, worker.environment)
        if layer in unchanged.LAYERS:
            return unchanged.state_of(cursor, worker.environment, business_date)
    return None


def refuse_unjudged(url: str) -> None:
    """Raises TransformError while files wait for the gate: their day would be missing in the marts.

    A corrected file takes its old batch out when it lands; only the gate brings its own rows in.
    """
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from ops.load_batches where status = 'loaded'")
        (waiting,) = cursor.fetchone() or (0,)
    if waiting:
        raise TransformError(f"{waiting} files wait to be judged: run lens validate, then build")


def _variables(business_date: dt.date | None) -> Sequence[str]:
    if business_date is None:
        return ()
    return ("--vars", json.dumps({"business_date": business_date.isoformat()}))


def _counts(nodes: list[dict[str, Any]]) -> dict[str, int]:
    kinds = [node["resource_type"] for node in nodes]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _told(failed: list[dict[str, Any]]) -> str:
    first = next((node for node in failed if node["status"] != "skipped"), failed[0])
    name = first["unique_id"].split(".", 2)[-1]
    reason = " ".join(str(first["message"] or first["status"]).split())[:400]
    more = f" ({len(failed) - 1} more failed or skipped)" if len(failed) > 1 else ""
    return f"dbt {first['resource_type']} {name}: {reason}{more}"


def _record(url: str, run_id: str | None, nodes: list[dict[str, Any]]) -> None:
    with connected(url) as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            f"insert into ops.model_runs (run_id, {', '.join(NODE_COLUMNS)}) values %s",  # noqa: S608  (our own names)
            [(run_id, *(node.get(column) for column in NODE_COLUMNS)) for node in nodes],
        )
