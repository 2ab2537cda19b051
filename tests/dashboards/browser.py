"""A real chromium, and `lens preview` as a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from loyalty_lens.settings import Settings

START_SECONDS = 90
QUIET = (  # no call home: on a closed network each would be an error on the console
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """The path of a chromium; skips without one, or fails where LENS_TESTS_NEED_CHROMIUM is 1."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("LENS_TESTS_NEED_CHROMIUM") == "1":
        pytest.fail("no chromium here (Debian: apt-get install chromium)")
    pytest.skip("no chromium here (Debian: apt-get install chromium)")


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def previewed(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of `lens preview` on the warehouse of `settings`."""
    port = free_port()
    others = {n: v for n, v in os.environ.items() if not n.startswith(("LENS_", "PG"))}
    environment = {
        **others,
        "LENS_HOME": str(settings.home),
        "LENS_DEMO_DATABASE": "1" if settings.demo else "0",
        "LENS_DATABASE_URL": settings.database_url or "",
        "LENS_BI_PASSWORD": settings.bi_password or "",
        "LENS_CURRENCY": settings.currency,
    }
    command = [sys.executable, "-m", "loyalty_lens.cli.main", "preview", "--no-browser"]
    with (folder / "preview.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, folder / "preview.log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # as Ctrl+C does
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"lens preview ended ({process.returncode}): {log.read_text()}")
        with suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):  # noqa: S310
            return
        time.sleep(0.2)
    pytest.fail(f"lens preview: not up within {START_SECONDS} s: {log.read_text()}")
