"""A second shell: whatever it starts while another process is at work is refused in one line."""

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from loyalty_lens.pipeline.lock import RUN_LOCK
from loyalty_lens.warehouse.connection import connect
from tests.conftest import NewDatabase
from tests.integration.cli.lens import Lens

HELD = """
select exists (
    select from pg_locks
    inner join pg_database on pg_locks.database = pg_database.oid
    where locktype = 'advisory' and objid = %s and granted and datname = current_database()
)
"""
COMMANDS = (
    ("ingest",),
    ("validate",),
    ("run",),
    ("replay",),
    ("unload", "1", "--reason", "x"),
)


def is_held(url: str) -> bool:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(HELD, (RUN_LOCK,))
        return cursor.fetchone() == (True,)


def test_what_a_second_shell_starts_is_refused_until_the_first_process_ends(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = new_database()
    lens = Lens(tmp_path, url)
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "stores.csv").write_text("store_id\nS1\n")
    first = subprocess.Popen(  # waits with the warehouse in hand: the file is young
        [sys.executable, "-m", "loyalty_lens.cli.main", "ingest", "--landing", str(landing)],
        env={**lens.environment, "LENS_SETTLE_SECONDS": "600"},
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while not is_held(url):
            assert first.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        for command in COMMANDS:
            said = lens.refusal(*command, LENS_LANDING=str(landing))
            assert said == (
                "lens: another run is at work in this warehouse; wait for it to end (lens status)"
            ), command
    finally:
        first.kill()
        first.wait()
    assert "1 rows read" in lens.works("ingest", "--landing", str(landing))
