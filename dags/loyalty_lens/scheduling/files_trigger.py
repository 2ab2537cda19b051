"""Waits, in Airflow's triggerer, until the day's files are there or a deadline has passed."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from loyalty_lens.errors import LensError
from loyalty_lens.landing.expected import still_to_come
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)


class FilesTrigger(BaseTrigger):
    """Looks every `poll_seconds`; its event names what has not come. Takes no worker slot."""

    def __init__(self, day: str, deadline: str, poll_seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.day = day
        self.deadline = deadline  # ISO, with an offset
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As Airflow keeps it: the class, and what it is made from."""
        arguments = {"day": self.day, "deadline": self.deadline, "poll_seconds": self.poll_seconds}
        return f"{type(self).__module__}.{type(self).__name__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, whichever comes first."""
        deadline = dt.datetime.fromisoformat(self.deadline)
        while True:
            absent = await asyncio.to_thread(not_there, dt.date.fromisoformat(self.day))
            left = (deadline - dt.datetime.now(dt.UTC)).total_seconds()
            if not absent or left <= 0:
                yield TriggerEvent({"missing": absent})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(min(self.poll_seconds, left))


def not_there(day: dt.date) -> list[str]:
    """What has not come; a warehouse or a folder that cannot be reached now is looked at again."""
    try:
        settings = Settings.from_environment()
        with connected(warehouse_url(settings)) as connection:
            return still_to_come(connection, settings, day)
    except LensError as error:
        LOG.warning("the landing folder could not be looked at: %s", error)
        return [f"(unknown: {error})"]
