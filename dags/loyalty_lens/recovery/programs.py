"""pg_dump, pg_restore and psql: those of the embedded server's wheel, else those on the PATH."""

import re
import shutil
import subprocess
from pathlib import Path

from psycopg2.extensions import make_dsn, parse_dsn

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.binaries import ENVIRONMENT, last_line, newest_build

PROGRAMS = ("pg_dump", "pg_restore", "psql")


def programs(server_major: int) -> dict[str, Path]:
    """The three programs by name, of a version that knows a server of `server_major`.

    pg_dump reads servers of its own version and older ones. Raises WarehouseError where there is
    none that is new enough.
    """
    found: dict[str, Path] = {}
    try:
        build = newest_build()
        if build.major >= server_major:
            found = {name: build.path(name) for name in PROGRAMS}
    except WarehouseError:
        pass
    if not all(path.exists() for path in found.values()) or not found:
        found = {name: Path(path) for name in PROGRAMS if (path := shutil.which(name))}
    if len(found) < len(PROGRAMS) or _major(found["pg_dump"]) < server_major:
        raise WarehouseError(
            f"pg_dump of PostgreSQL {server_major} or newer is missing:"
            f" install postgresql-client-{server_major}, or run make setup again"
        )
    return found


def connection_of(url: str) -> tuple[str, dict[str, str]]:
    """A connection string without the password, and the environment that holds it."""
    parts = parse_dsn(url)
    password = parts.pop("password", "")
    environment = {**ENVIRONMENT, "PGAPPNAME": "loyalty_lens", "PGPASSWORD": password}
    return make_dsn(**parts), environment


def refused(what: str, errors: str) -> WarehouseError:
    """What the program said last, as one line that names the file or the step."""
    return WarehouseError(f"{what}: {last_line(errors)}")


def _major(program: Path) -> int:
    answer = subprocess.run(
        [str(program), "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    version = re.search(r"\) (\d+)", answer.stdout)
    return int(version[1]) if version else 0
