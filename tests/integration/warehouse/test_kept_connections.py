"""dbt's connections wait for the next model instead of closing, and remember nothing."""

from contextlib import closing

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.transform.connections import connect
from loyalty_lens.warehouse.connection import connect as connect_plainly


def _pid(connection: Connection) -> int:
    return connection.info.backend_pid


def test_a_closed_one_is_taken_again_without_what_its_session_left(database: str) -> None:
    first = connect(dsn=database)
    cursor = first.cursor()
    cursor.execute("create temporary table left_over (a int); set work_mem = '7MB'")
    first.commit()
    cursor.execute("create table public.never_committed (a int)")
    first.close()
    second = connect(dsn=database)
    assert second is first
    cursor = second.cursor()
    cursor.execute("select to_regclass('left_over'), to_regclass('never_committed')")
    assert cursor.fetchone() == (None, None)
    cursor.execute("show work_mem")
    assert cursor.fetchone() != ("7MB",)
    second.close()


def test_two_at_a_time_are_two_and_others_are_for_others(database: str) -> None:
    first, second = connect(dsn=database), connect(dsn=database)
    assert _pid(first) != _pid(second)
    first.close()
    other = connect(dsn=database, application_name="another")
    assert _pid(other) not in {_pid(first), _pid(second)}
    other.close()
    second.close()


def test_one_that_failed_works_again_and_one_that_was_ended_is_replaced(database: str) -> None:
    first = connect(dsn=database, application_name="failing")
    with pytest.raises(psycopg2.Error):
        first.cursor().execute("select 1 / 0")
    first.close()
    again = connect(dsn=database, application_name="failing")
    assert again is first
    again.cursor().execute("select 1")
    again.close()
    with closing(connect_plainly(database, autocommit=True)) as killer:
        killer.cursor().execute("select pg_terminate_backend(%s, 10000)", (_pid(first),))
    fresh = connect(dsn=database, application_name="failing")
    assert _pid(fresh) != _pid(first)
    fresh.cursor().execute("select 1")
    fresh.close()
