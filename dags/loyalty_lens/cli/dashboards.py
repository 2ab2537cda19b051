"""`lens preview`: the dashboards in a browser, from the files that Metabase gets too."""

import os
import socket
import sys

import click

from loyalty_lens.errors import LensError
from loyalty_lens.settings import PROJECT_ROOT, Settings
from loyalty_lens.warehouse.access import bi_url, with_password
from loyalty_lens.warehouse.connection import connected

APP = PROJECT_ROOT / "metabase" / "preview" / "app.py"
HAS_MARTS = "select to_regclass('marts.data_status') is not null"


@click.command()
@click.option("--port", default=8501, show_default=True, help="Port on 127.0.0.1.")
@click.option("--browser/--no-browser", default=True, help="Open a browser, where there is one.")
@click.pass_obj
def preview(settings: Settings, port: int, browser: bool) -> None:
    """Show the dashboards in a browser, drawn on this machine; stop with Ctrl+C."""
    _check(settings, port)
    environment = {**os.environ, **({"LENS_DEMO_DATABASE": "1"} if settings.demo else {})}
    click.echo(f"dashboards: http://127.0.0.1:{port} (Ctrl+C stops)")
    sys.stdout.flush()
    command = [sys.executable, "-m", "streamlit", *_arguments(port, browser)]
    os.execve(sys.executable, command, environment)  # noqa: S606  (so that Ctrl+C reaches it)


def _check(settings: Settings, port: int) -> None:
    """Everything that would fail on the page is told here first, in one line."""
    with connected(with_password(bi_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(HAS_MARTS)
        if cursor.fetchone() != (True,):
            raise LensError("no marts to show yet; load files first: lens run --landing DIR")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LensError(
                f"port {port} of 127.0.0.1: {error.strerror}; choose another: lens preview --port N"
            ) from None


def _arguments(port: int, browser: bool) -> list[str]:
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": not browser,
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
        "theme.base": "light",
        "theme.primaryColor": "#1F5FA8",
    }
    return ["run", str(APP), *(f"--{name}={value}" for name, value in options.items())]


COMMANDS = (preview,)
