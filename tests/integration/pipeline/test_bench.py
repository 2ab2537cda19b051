"""The whole of `make bench` at a size whose figures say nothing."""

from pathlib import Path

import pytest

from loyalty_lens.warehouse.server import EmbeddedServer
from tests.bench.whole.__main__ import measured
from tests.bench.whole.report import section
from tests.bench.whole.scale import SCALES


@pytest.mark.full
def test_everything_is_measured_and_told(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "home")
    try:
        report = measured(tmp_path, server, SCALES["tiny"])
    finally:
        server.destroy()
    assert len(report.targets) == 9
    assert "nan" not in section(report)
    for table in report.tables:
        head, *rows = table.rows
        assert rows, table.title
        assert {len(row) for row in rows} == {len(head)}, table.title
