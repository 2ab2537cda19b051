"""One run at a time in a warehouse, whoever starts it: the CLI, Airflow, a second shell."""

from collections.abc import Iterator
from contextlib import contextmanager

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.connection import connect

RUN_LOCK = 0x4C52554E  # "LRUN"
# Who holds the lock is alone: what still says running was killed. Airflow holds it for each step
# and marks its runs itself.
DEAD_RUNS = """
update ops.pipeline_runs
set status = 'failed', finished_at = clock_timestamp(), message = 'ended without a word (killed?)'
where status = 'running' and trigger not like 'airflow%'
"""


@contextmanager
def only_run(url: str, *, wait: bool = False) -> Iterator[None]:
    """Holds the warehouse until the block ends; the server lets go of it if this process dies.

    Where another run is at work: waits for it, or raises WarehouseError.
    """
    connection = connect(url, autocommit=True)
    try:
        with connection.cursor() as cursor:
            function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
            cursor.execute(f"select {function}(%s)", (RUN_LOCK,))
            if cursor.fetchone() == (False,):
                raise WarehouseError(
                    "another run is at work in this warehouse; wait for it to end (lens status)"
                )
            cursor.execute(DEAD_RUNS)
        yield
    finally:
        connection.close()
