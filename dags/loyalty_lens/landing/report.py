"""What an ingest did, file by file, as data that a command prints and a run certificate keeps."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["loaded", "skipped_same_content", "waiting", "stopped", "failed", "ignored"]


@dataclass(frozen=True)
class FileReport:
    """One file below the landing folder.

    `waiting`: not complete yet, for the next run; `stopped`: would have removed too much of an
    earlier batch; `failed`: refused as a whole, a second file of its path, or a folder that cannot
    be read; `ignored`: belongs to no data set.
    `message` is one line: why, or what was noticed on the way.
    """

    path: str
    data_set: str | None
    outcome: Outcome
    batch_id: int | None = None
    rows_read: int = 0
    rows_malformed: int = 0
    rows_short: int = 0
    extra_columns: tuple[str, ...] = ()
    message: str | None = None
    superseded: tuple[int, ...] = ()  # batches that this file replaced
    seconds: float = 0.0


@dataclass(frozen=True)
class LandingReport:
    """All files of one ingest, in the order in which they were handled."""

    landing: str
    files: tuple[FileReport, ...]
    missing_data_sets: tuple[str, ...]  # of the contract: nothing of them is in the warehouse

    @property
    def loaded(self) -> tuple[FileReport, ...]:
        return self.with_outcome("loaded")

    @property
    def problems(self) -> tuple[FileReport, ...]:
        """The files that need somebody: failed and stopped ones."""
        return self.with_outcome("failed", "stopped")

    @property
    def rows_read(self) -> int:
        return sum(file.rows_read for file in self.loaded)

    @property
    def rows_malformed(self) -> int:
        return sum(file.rows_malformed for file in self.loaded)

    @property
    def rows_short(self) -> int:
        return sum(file.rows_short for file in self.loaded)

    def with_outcome(self, *outcomes: Outcome) -> tuple[FileReport, ...]:
        return tuple(file for file in self.files if file.outcome in outcomes)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists, texts and numbers, ready for `json.dumps`."""
        files = [
            asdict(file)
            | {"extra_columns": list(file.extra_columns), "superseded": list(file.superseded)}
            for file in self.files
        ]
        return {
            "landing": self.landing,
            "files_seen": len(self.files),
            "files_loaded": len(self.loaded),
            "files_waiting": len(self.with_outcome("waiting")),
            "files_with_problems": len(self.problems),
            "rows_read": self.rows_read,
            "rows_malformed": self.rows_malformed,
            "rows_short": self.rows_short,
            "missing_data_sets": list(self.missing_data_sets),
            "files": files,
        }
