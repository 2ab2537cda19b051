"""A backup comes back: in one transaction, so that a restore that fails has changed nothing."""

import shutil
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from loyalty_lens.errors import WarehouseError
from loyalty_lens.recovery.content import Content, read_content
from loyalty_lens.recovery.programs import connection_of, programs, refused
from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.migrate import SCHEMAS, migrate
from loyalty_lens.warehouse.roles import make_bare_roles

# Settings at the head of a dump that an older server does not know.
SINCE_17 = b"SET transaction_timeout"
HEAD_LINES = 60


def restore(url: str, path: Path) -> Content:
    """Puts the warehouse back as `path` holds it, then applies migrations that are newer.

    Whoever calls holds the warehouse (`only_run`). Rows of every table and the hashes of the marts
    are compared with what the backup noted of itself.
    Raises WarehouseError: where the file cannot be read or does not fit, nothing has changed.
    """
    if not path.is_file():
        raise WarehouseError(f"{path}: no such backup; lens restore --list names those there are")
    with connected(url) as connection:
        major = connection.server_version // 10000
        missing = make_bare_roles(connection)
    if missing:
        raise WarehouseError(
            f"{path}: it names roles that this user may not create; an administrator runs:"
            f" {' '.join(f'create role {name};' for name in missing)}"
        )
    with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as contents:
        contents.write(_contents(url, path, major))
        contents.flush()
        _replay(url, path, major, contents.name)
    content = _compare(url, path)
    migrate(url)
    return content


def _contents(url: str, path: Path, major: int) -> str:
    """What is in the file, but for default privileges: they name the role that saved it.

    Those of the role that restores come back with `open_to_roles`.
    """
    listed = subprocess.run(
        [str(programs(major)["pg_restore"]), "--list", str(path)],
        env=connection_of(url)[1],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise refused(f"{path} cannot be restored, the warehouse is as it was", listed.stderr)
    lines = listed.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if " DEFAULT ACL " not in line)


def _replay(url: str, path: Path, major: int, contents: str) -> None:
    tools = programs(major)
    address, environment = connection_of(url)
    reading = [str(tools["pg_restore"]), "--no-owner", "--use-list", contents, "--file", "-"]
    reading.append(str(path))
    writing = [str(tools["psql"]), "--no-psqlrc", "--quiet", "--single-transaction"]
    writing += ["--output", "/dev/null", "--set", "ON_ERROR_STOP=1", "--dbname", address]
    with (
        subprocess.Popen(
            reading, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as source,
        subprocess.Popen(
            writing, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as target,
    ):
        assert source.stdout and source.stderr and target.stdin and target.stderr  # noqa: S101
        said: dict[str, str] = {}
        readers = [
            threading.Thread(target=_listen, args=(stream, name, said))
            for name, stream in (("source", source.stderr), ("target", target.stderr))
        ]
        for reader in readers:
            reader.start()
        is_whole = False
        with suppress(BrokenPipeError):  # psql ended: what it said tells why
            _send(source.stdout, target.stdin, major)
            is_whole = source.wait() == 0
            # An end of the input would commit what came so far.
            if not is_whole:
                target.stdin.write(b"\n\\.\nselect broken_off;\n")
        with suppress(BrokenPipeError):
            target.stdin.close()
        source.stdout.close()
        source.wait()
        code = target.wait()
        for reader in readers:
            reader.join()
    if not is_whole and said["source"].strip():
        raise refused(f"{path} cannot be restored, the warehouse is as it was", said["source"])
    if code != 0:
        raise refused(f"{path} was not restored, the warehouse is as it was", said["target"])


def _send(source: IO[bytes], target: IO[bytes], major: int) -> None:
    for schema in SCHEMAS:
        target.write(f"drop schema if exists {schema} cascade;\n".encode())
    for _ in range(HEAD_LINES):
        line = source.readline()
        if major >= 17 or not line.startswith(SINCE_17):
            target.write(line)
    shutil.copyfileobj(source, target, 1 << 20)


def _listen(stream: IO[bytes], name: str, said: dict[str, str]) -> None:
    said[name] = stream.read().decode("utf-8", "replace")


def _compare(url: str, path: Path) -> Content:
    with connected(url) as connection:
        with connection.cursor() as cursor:
            cursor.execute(
                "select row_counts, hashes from ops.backups order by started_at desc limit 1"
            )
            noted = cursor.fetchone()
            cursor.execute("analyze")
        found = read_content(connection)
    if noted is None:
        raise WarehouseError(f"{path}: restored, but it does not say what it should hold")
    if differing := found.differs_in(Content(*noted)):
        raise WarehouseError(
            f"{path}: restored, but {', '.join(differing[:5])} are not as they were saved:"
            " restore an older backup"
        )
    return found
