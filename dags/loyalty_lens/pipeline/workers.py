"""The two helper processes of a run, started before they are needed and kept until it ends."""

from types import TracebackType
from typing import Self

from loyalty_lens.settings import Settings
from loyalty_lens.transform.environment import PROJECT, dbt_environment
from loyalty_lens.worker import Worker


class Workers:
    """Great Expectations (`gate`) and dbt (`dbt`), for one warehouse; a context manager."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._gate: Worker | None = None
        self._dbt: Worker | None = None

    @property
    def gate(self) -> Worker:
        self._gate = self._gate or Worker("loyalty_lens.quality.expectations")
        return self._gate

    @property
    def dbt(self) -> Worker:
        if self._dbt is None:
            environment = dbt_environment(self._settings, self._url)
            where = (environment[f"LENS_PG_{part}"] for part in ("HOST", "PORT", "DATABASE"))
            scratch = self._settings.home / "dbt" / "_".join(where).replace("/", "_")
            self._dbt = Worker(
                "loyalty_lens.transform.runner",
                {
                    **environment,
                    "DBT_PROJECT_DIR": str(PROJECT),
                    "DBT_PROFILES_DIR": str(PROJECT),
                    "DBT_TARGET_PATH": str(scratch / "target"),
                    "DBT_LOG_PATH": str(scratch / "logs"),
                },
            )
        return self._dbt

    def warm_up(self) -> "Workers":
        """Starts both, so that their imports overlap with the landing of files."""
        assert self.gate and self.dbt  # noqa: S101  (the properties start them)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in (self._gate, self._dbt):
            if worker:
                worker.close()
