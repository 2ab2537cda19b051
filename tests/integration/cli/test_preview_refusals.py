"""`lens preview` tells in one line what would otherwise fail in the browser."""

import socket
from pathlib import Path

from tests.conftest import BI_PASSWORD, NewDatabase
from tests.integration.cli.lens import Lens
from tests.integration.pipeline.worlds import SMALL_SHOP


def test_what_is_missing_is_told_before_a_browser_opens(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = new_database()
    lens = Lens(tmp_path, url)
    assert "LENS_BI_PASSWORD" in lens.refusal("preview", "--no-browser")

    lens.environment["LENS_BI_PASSWORD"] = BI_PASSWORD
    assert "lens run" in lens.refusal("preview", "--no-browser")

    landing = tmp_path / "landing"
    landing.mkdir()
    for name, text in SMALL_SHOP.items():
        (landing / name).write_text(text)
    lens.has_run(landing)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        message = lens.refusal("preview", "--no-browser", "--port", port)
    assert port in message and "--port" in message
