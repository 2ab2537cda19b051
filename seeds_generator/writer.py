"""Where records go: into files below the output folder, into the counts and into the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seeds_generator.csv_writer import CsvFile
from seeds_generator.defects import OUTLIER
from seeds_generator.result import WrittenFile
from seeds_generator.spoiling import Block
from seeds_generator.truth import Truth


class Writer:
    """Writes files and keeps count of what is planted in them."""

    def __init__(
        self, out: Path, truth: Truth | None, noted: Callable[[str], None] | None = None
    ) -> None:
        self.out = out
        self.truth = truth
        self._noted = noted or (lambda _: None)
        self.files: list[WrittenFile] = []
        self.defects: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def file(self, path: str, data_set: str, *, free_text: bool = True) -> Iterator[CsvFile]:
        """A file below the folder, complete or absent."""
        self._noted(path)
        with CsvFile(self.out / path, data_set, free_text=free_text) as file:
            yield file
        self.files.append(file.written())

    def add(self, file: CsvFile, block: Block) -> None:
        """Adds the records of a block to a file."""
        if self.truth:
            self.truth.planted(file, block.planted)
        for planted in block.planted:
            if planted.outcome != OUTLIER:
                self.defects[block.data_set, planted.rule] += 1
        file.write(block.columns)

    def write(self, path: str, block: Block, *, free_text: bool = True) -> None:
        """A whole file."""
        with self.file(path, block.data_set, free_text=free_text) as file:
            self.add(file, block)
