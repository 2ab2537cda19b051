"""The command as a user runs it: a process of its own, an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

from loyalty_lens.pipeline.run import NO_DATE, run
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from tests.helpers.shared import shared_workers


class Lens:
    """Calls `lens`; `url` None leaves it to the embedded server under `home`."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.home = home
        own = {
            "LENS_HOME": str(home),
            "LENS_LOG_LEVEL": "WARNING",
            "LENS_SETTLE_SECONDS": "0",
            "COLUMNS": "120",
        }
        others = {n: v for n, v in os.environ.items() if not n.startswith(("LENS_", "PG"))}
        self.environment = {**others, **own, **({"LENS_DATABASE_URL": url} if url else {})}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`lens ARGUMENTS`, whatever becomes of it."""
        return self.program([sys.executable, "-m", "loyalty_lens.cli.main"], arguments, environment)

    def dbt(self, *arguments: str, cwd: Path, **environment: str) -> str:
        """The .venv's `dbt`; its output, standard error included. Asserts success."""
        dbt = [str(Path(sys.executable).parent / "dbt")]
        done = self.program(dbt, arguments, environment, cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def works(self, *arguments: str, **environment: str) -> str:
        """Standard output of a command that must succeed."""
        done = self(*arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def has_run(self, landing: Path) -> None:
        """The warehouse as `lens run` leaves it, without the start of three processes."""
        settings = Settings.from_environment({**self.environment, "LENS_LANDING": str(landing)})
        url = warehouse_url(settings)
        run(settings, url, NO_DATE, shared_workers(settings, url))

    def refusal(self, *arguments: str, **environment: str) -> str:
        """The one line on standard error of a command that must fail."""
        done = self(*arguments, **environment)
        assert done.returncode == 1, done.stdout + done.stderr
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("lens: ")
        return lines[0]

    def program(
        self,
        program: list[str],
        arguments: tuple[str, ...],
        environment: dict[str, str],
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Any program in this environment."""
        return subprocess.run(
            [*program, *arguments],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=400,
            cwd=cwd or self.home,
            check=False,
        )
