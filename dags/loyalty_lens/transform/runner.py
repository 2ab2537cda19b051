"""dbt in a process of its own: parses once, then answers each command (`loyalty_lens.worker`)."""

from contextlib import suppress
from functools import cache
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from loyalty_lens.errors import TransformError
from loyalty_lens.transform.connections import keep_connections
from loyalty_lens.transform.events import hear_warnings_only

# What went wrong is in the answer, and in dbt's own log file. The manifest as JSON, which nobody
# reads, took as long to write as a third of the models to build.
QUIET = ["--quiet", "--log-level", "none", "--no-use-colors", "--no-version-check"]
QUIET += ["--no-write-json"]


def handle(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs `request["arguments"]`, a dbt command line; one dict per node that ran.

    Keys: unique_id, resource_type, status, started_at, execution_seconds, rows_affected, failures,
    message. Raises TransformError where dbt cannot start; a failed node is told by its status.
    """
    outcome = dbtRunner(manifest=_manifest()).invoke([*request["arguments"], *QUIET])
    results = getattr(outcome.result, "results", None)
    if results is None:
        raise TransformError(_reason(outcome))
    # Nothing is built of an exposure: dbt lists it without a word of success.
    return [_node(result) for result in results if result.node.resource_type != "exposure"]


def prepare() -> None:
    """Parses ahead, while files land and are judged; what is wrong is told to whoever asks."""
    keep_connections()
    hear_warnings_only()
    with suppress(TransformError):
        _manifest()


@cache
def _manifest() -> Manifest:
    outcome = dbtRunner().invoke(["parse", *QUIET])
    if not isinstance(outcome.result, Manifest):
        raise TransformError(_reason(outcome))
    return outcome.result


def _reason(outcome: dbtRunnerResult) -> str:
    return "dbt: " + (" ".join(str(outcome.exception).split()) or "no reason given")[:500]


def _node(result: Any) -> dict[str, Any]:
    started = next((t.started_at for t in result.timing if t.name == "execute"), None)
    response = result.adapter_response or {}
    return {
        "unique_id": result.node.unique_id,
        "resource_type": str(result.node.resource_type),
        "status": str(result.status),
        "started_at": started.isoformat() if started else None,
        "execution_seconds": round(result.execution_time, 4),
        "rows_affected": response.get("rows_affected"),
        "failures": result.failures,
        "message": result.message,
    }
