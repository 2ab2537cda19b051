"""`python -m tests.dashboards.metabase_server --port N`: the stand-in, until it is interrupted."""

import argparse
import contextlib
import signal
import threading

from tests.dashboards.metabase_server.server import MetabaseServer


def main() -> None:
    """Serves on loopback and says where."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    with (
        MetabaseServer(port=parser.parse_args().port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"stand-in for Metabase at {server.url}", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
