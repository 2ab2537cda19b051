"""Generated data at demo size, clean and with defects, made once a session."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from seeds_generator import PRESETS, GeneratedFiles, GeneratorOptions, generate

Row = Mapping[str, str]
DEMO = replace(PRESETS["demo"], late_rate=0.0, outlier_rate=0.0)


@dataclass(frozen=True)
class Delivered:
    """A generated delivery and all its rows by data set, in order of delivery."""

    options: GeneratorOptions
    files: GeneratedFiles
    rows: Mapping[str, list[Row]]


def read(options: GeneratorOptions, out: Path, truth: Path | None = None) -> Delivered:
    """Generates a delivery and reads it back."""
    files = generate(options, out, truth=truth)
    rows: dict[str, list[Row]] = defaultdict(list)
    for file in files.files:
        with file.path.open(encoding="utf-8", newline="") as stream:
            found = list(csv.DictReader(stream, strict=True))
        assert len(found) == file.rows, file.path
        assert all(None not in row and None not in row.values() for row in found), file.path
        rows[file.data_set] += found
    return Delivered(options, files, rows)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """Demo size without defects."""
    yield read(replace(DEMO, defect_rate=0), tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """Demo size with three times the usual defects."""
    yield read(replace(DEMO, defect_rate=0.03), tmp_path_factory.mktemp("spoilt"))
