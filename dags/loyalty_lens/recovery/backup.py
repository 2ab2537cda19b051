"""A backup: one file that pg_dump writes, there whole or not at all, and the old ones that go."""

import datetime as dt
import logging
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.errors import WarehouseError
from loyalty_lens.privacy.erased import keep_list, list_of
from loyalty_lens.recovery.content import Content, read_content
from loyalty_lens.recovery.programs import connection_of, programs, refused
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.migrate import SCHEMAS

LOG = logging.getLogger(__name__)
NAME = re.compile(r"(?P<database>.+)_(?P<moment>\d{8}T\d{12}Z)\.dump")
NOTE = """
insert into ops.backups (file_name, business_date, run_id, row_counts, hashes)
select %s, runs.business_date, runs.run_id, %s, %s
from (select 1) as always
left join lateral (
    select run_id, business_date from ops.pipeline_runs
    where status = 'success' and certificate is not null order by finished_at desc limit 1
) as runs on true
"""


@dataclass(frozen=True)
class Backup:
    """A file in the folder of backups."""

    path: Path
    taken_at: dt.datetime
    size_bytes: int


def back_up(url: str, folder: Path, *, keep: int) -> tuple[Backup, Content]:
    """Saves the warehouse to a new file in `folder`, then removes all but the newest `keep`.

    Whoever calls holds the warehouse (`only_run`), so that all layers are of one run. The file is
    put in its place once pg_restore can read it and the disk says that it is there. Beside it lies
    the list of who was erased (`privacy.erased`).
    Raises WarehouseError; then the older files are all there and no new one.
    """
    taken_at = dt.datetime.now(dt.UTC)
    path = folder / f"{database_of(url)}_{taken_at:%Y%m%dT%H%M%S%f}Z.dump"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
        os.close(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from error
    aside = Path(name)
    with connected(url) as connection:
        content = read_content(connection)
        major = connection.server_version // 10000
        with connection.cursor() as cursor:
            cursor.execute(NOTE, (path.name, *content.as_json()))
    try:
        _dump(url, major, aside, path)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        size = aside.stat().st_size
        aside.replace(path)
    except OSError as error:
        _forget(url, path)
        raise _unwritable(path, error) from error
    except WarehouseError:
        _forget(url, path)
        raise
    finally:
        aside.unlink(missing_ok=True)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.backups set finished_at = clock_timestamp(), size_bytes = %s"
            " where file_name = %s",
            (size, path.name),
        )
    _remove_old(url, folder, keep)
    keep_list(url, list_of(folder, database_of(url)))
    return Backup(path, taken_at, size), content


def backups(url: str, folder: Path) -> list[Backup]:
    """The backups of this database in `folder`, newest first; other files are none."""
    found = []
    for path in folder.glob("*.dump") if folder.is_dir() else ():
        named = NAME.fullmatch(path.name)
        if named and named["database"] == database_of(url):
            taken_at = dt.datetime.strptime(named["moment"], "%Y%m%dT%H%M%S%fZ")
            found.append(Backup(path, taken_at.replace(tzinfo=dt.UTC), path.stat().st_size))
    return sorted(found, key=lambda backup: backup.taken_at, reverse=True)


def last_backup(connection: Connection) -> dt.datetime | None:
    """When the newest backup that was finished was taken."""
    with connection.cursor() as cursor:
        cursor.execute("select max(started_at) from ops.backups where finished_at is not null")
        row = cursor.fetchone()
    return row[0] if row else None


def _dump(url: str, major: int, aside: Path, path: Path) -> None:
    tools = programs(major)
    address, environment = connection_of(url)
    schemas = [part for schema in SCHEMAS for part in ("--schema", schema)]
    command = [str(tools["pg_dump"]), "--format=custom", "--no-owner", "--file", str(aside)]
    done = subprocess.run(
        [*command, *schemas, "--dbname", address],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise refused(f"{path} was not written", done.stderr)
    listed = subprocess.run(
        [str(tools["pg_restore"]), "--list", str(aside)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise refused(f"{path} cannot be read back", listed.stderr)


def _remove_old(url: str, folder: Path, keep: int) -> None:
    for old in backups(url, folder)[keep:]:
        try:
            old.path.unlink(missing_ok=True)
        except OSError as error:
            LOG.warning("%s: an old backup cannot be removed (%s)", old.path, error.strerror)
        else:
            LOG.info("backup %s removed: %d newer ones are kept", old.path.name, keep)


def _forget(url: str, path: Path) -> None:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("delete from ops.backups where file_name = %s", (path.name,))


def database_of(url: str) -> str:
    """The name of the database in the names of its backups."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", unquote(urlsplit(url).path.lstrip("/")))


def _unwritable(path: Path, error: OSError) -> WarehouseError:
    return WarehouseError(
        f"{path}: cannot be written ({error.strerror or error}); free space, or set LENS_BACKUPS"
    )
