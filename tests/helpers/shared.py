"""dbt and Great Expectations in one process each for a whole test session.

Both take seconds of imports, and dbt as long again to parse the project. A run of the product
starts them once and keeps them for all its steps; these are kept for all warehouses of the tests.
They end with the session: a worker goes when whoever started it has gone.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import PROJECT_ROOT, Settings
from loyalty_lens.worker import Worker


class SharedGate(Worker):
    """The gate's worker; everybody has the same process."""

    def __init__(self) -> None:
        super().__init__("loyalty_lens.quality.expectations")

    def start(self) -> Any:
        """The process, started unless it runs."""
        return _gate().start()

    def call(self, **request: Any) -> Any:
        """The answer to one request."""
        return _gate().call(**request)


class SharedDbt(Worker):
    """dbt's worker for one warehouse; everybody has the same process.

    `environment` may differ from other warehouses' in LENS_*, DBT_TARGET_PATH and DBT_LOG_PATH:
    another target makes other schemas, and needs a process of its own.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__("loyalty_lens.transform.runner", dict(environment))

    def start(self) -> Any:
        """The process, started unless it runs."""
        return self._shared().start()

    def call(self, **request: Any) -> Any:
        """The answer to one request about this warehouse."""
        return self._shared().call(environment=self.environment, **request)

    def _shared(self) -> Worker:
        if not _dbt:
            path = {"PYTHONPATH": str(PROJECT_ROOT)}
            _dbt.append(Worker("tests.helpers.any_warehouse", {**self.environment, **path}))
        return _dbt[0]


def shared_workers(settings: Settings, url: str) -> Workers:
    """The workers of a run, as `Workers` has them, but for the processes behind."""
    workers = Workers(settings, url)
    workers.gate = SharedGate()
    workers.dbt = SharedDbt(workers.dbt.environment)
    return workers


_dbt: list[Worker] = []


@cache
def _gate() -> Worker:
    return Worker("loyalty_lens.quality.expectations")
