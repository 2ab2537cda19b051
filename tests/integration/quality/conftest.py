"""One helper process for the session (its imports take seconds), one database a test."""

from collections.abc import Callable, Iterator

import pytest

from loyalty_lens.worker import Worker
from tests.integration.quality.warehouse import Warehouse


@pytest.fixture(scope="session")
def gx_worker() -> Iterator[Worker]:
    """The helper process of the gate."""
    with Worker("loyalty_lens.quality.expectations") as worker:
        yield worker


@pytest.fixture
def warehouse(new_database: Callable[[], str], gx_worker: Worker) -> Warehouse:
    """An empty warehouse with the gate at hand."""
    return Warehouse(new_database(), gx_worker)
