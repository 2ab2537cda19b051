"""dbt's events in the process that runs it: what nobody reads is not put into words.

dbt fires thousands of events a build and makes a message of each, for a log of every statement.
What went wrong is in the results; warnings and errors go to dbt's own log file, too.
"""

from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager

HEARD = (EventLevel.WARN, EventLevel.ERROR)


def hear_warnings_only() -> None:
    """Of dbt's events in this process only warnings and errors count, from here on."""
    ctx_set_event_manager(_OnlyWarnings())


class _OnlyWarnings(EventManager):
    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        """As dbt's own, for an event of that level."""
        if (level or e.level_tag()) in HEARD:
            super().fire_event(e, level, node, force_warn_or_error_handling)
