"""The helper process of the whole session, one database a test."""

from collections.abc import Callable

import pytest

from loyalty_lens.worker import Worker
from tests.helpers.shared import SharedGate
from tests.integration.quality.warehouse import Warehouse


@pytest.fixture(scope="session")
def gx_worker() -> Worker:
    """The helper process of the gate."""
    return SharedGate()


@pytest.fixture
def warehouse(new_database: Callable[[], str], gx_worker: Worker) -> Warehouse:
    """An empty warehouse with the gate at hand."""
    return Warehouse(new_database(), gx_worker)
