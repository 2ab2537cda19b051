"""What a push did, said as it happens and counted."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Report:
    """Tells each thing created, changed, archived to `say`; counts them."""

    say: Callable[[str], None]
    created_count: int = 0
    changed_count: int = 0
    archived_count: int = 0

    def created(self, what: str) -> None:
        """Something new is there."""
        self.created_count += 1
        self.say(f"created  {what}")

    def changed(self, what: str) -> None:
        """Something was brought up to date."""
        self.changed_count += 1
        self.say(f"changed  {what}")

    def archived(self, what: str) -> None:
        """Something left the definition; it lies in Metabase's trash."""
        self.archived_count += 1
        self.say(f"archived {what}")
