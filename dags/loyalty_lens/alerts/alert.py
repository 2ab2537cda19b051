"""An alert: what happened, where, and what to do; the kinds are those of docs/runbook.md."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["run failed", "run late", "files", "lists", "models", "quality", "maintenance"]
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Alert:
    """One alert; `details` are names and values for programs."""

    kind: Kind
    subject: str  # one line
    reason: str  # one line: the error's own, which says what to do
    run_id: str | None = None
    business_date: dt.date | None = None
    link: str | None = None  # to the task's log in Airflow
    details: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The text of a message."""
        about = [
            f"run: {self.run_id}" if self.run_id else "",
            f"business date: {self.business_date}" if self.business_date else "",
            f"log: {self.link}" if self.link else "",
            f"what to do: {RUNBOOK}, {self.kind!r}",
        ]
        return [self.subject, "", self.reason, "", *filter(None, about)]

    def as_json(self) -> dict[str, Any]:
        """For a webhook: `text` is what chat programs show, the rest is for programs."""
        shown = f"{self.subject}: {self.reason}" + (f" {self.link}" if self.link else "")
        date = str(self.business_date) if self.business_date else None
        return {"text": shown, **asdict(self), "business_date": date}
