"""The two helper processes of a run: each starts when it is needed, or before, and is kept."""

from typing import Self

from loyalty_lens.settings import Settings
from loyalty_lens.transform.environment import PROJECT, dbt_environment
from loyalty_lens.worker import Worker


class Workers:
    """Great Expectations (`gate`) and dbt (`dbt`), for one warehouse; a context manager."""

    def __init__(self, settings: Settings, url: str) -> None:
        environment = dbt_environment(settings, url)
        where = (environment[f"LENS_PG_{part}"] for part in ("HOST", "PORT", "DATABASE"))
        scratch = settings.home / "dbt" / "_".join(where).replace("/", "_")
        self.gate = Worker("loyalty_lens.quality.expectations")
        self.dbt = Worker(
            "loyalty_lens.transform.runner",
            {
                **environment,
                "DBT_PROJECT_DIR": str(PROJECT),
                "DBT_PROFILES_DIR": str(PROJECT),
                "DBT_TARGET_PATH": str(scratch / "target"),
                "DBT_LOG_PATH": str(scratch / "logs"),
            },
        )

    def warm_up(self) -> None:
        """Starts both, so that their imports overlap with other work; once is enough."""
        self.gate.start()
        self.dbt.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.close()
        self.dbt.close()
