"""Helper processes: Great Expectations and dbt each live in one of their own.

Both are heavy to import (hundreds of MB, seconds) and keep global state, so a run starts each
once, keeps it for all its steps, and the pipeline's own process stays small. A request and its
answer are one line of JSON each on standard input and output; logs go to standard error.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from loyalty_lens.errors import LensError, WorkerError

NO_USAGE_REPORTS = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PYTHONUNBUFFERED": "1",
}
# A helper that is ended at once leaves its semaphores to Python's tracker, which removes them; that
# it says so, on our standard error, helps nobody.
ENDED_AT_ONCE = {"PYTHONWARNINGS": "ignore:resource_tracker"}


class Worker:
    """A process that imports `module` and answers calls to its `handle(request) -> answer`.

    Where the module has a `prepare()`, it is called first, before anything is asked.
    It starts with `start`, so that its imports overlap with other work, or with the first call, and
    ends with `close`.
    """

    def __init__(self, module: str, environment: dict[str, str] | None = None) -> None:
        self.module = module
        self.environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self._was_called = False

    def start(self) -> subprocess.Popen[str]:
        """Starts the process unless it runs."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loyalty_lens.worker", self.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, **NO_USAGE_REPORTS, **ENDED_AT_ONCE, **self.environment},
                process_group=0,  # Ctrl-C is for the command, which then ends its helpers
            )
        return self._process

    def call(self, **request: Any) -> Any:
        """The answer to one request. LensErrors of the helper come back as the same class."""
        process = self.start()
        self._was_called = True
        assert process.stdin and process.stdout  # noqa: S101
        try:
            process.stdin.write(json.dumps(request, default=str) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (BrokenPipeError, OSError):
            line = ""
        if not line:
            raise WorkerError(
                f"{self.module} ended with exit code {process.wait()}; see its log above"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise _error_class(answer["error_class"])(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Ends the process; one that was never called is not waited for."""
        process, self._process = self._process, None
        if process is None:
            return
        if not self._was_called:
            process.kill()
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        if process.poll() is None:
            process.kill()
            process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _error_class(name: str) -> type[LensError]:
    errors = importlib.import_module("loyalty_lens.errors")
    found = getattr(errors, name, WorkerError)
    return found if isinstance(found, type) and issubclass(found, LensError) else WorkerError


def serve(
    handle: Callable[[dict[str, Any]], Any], prepare: Callable[[], None] | None = None
) -> None:
    """Answers requests until standard input ends. Everything printed meanwhile goes to stderr.

    Ends at once where whoever asks is killed: the next run would meet this one's work.
    """
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if prepare:
        prepare()
    for line in sys.stdin:
        try:
            answer = {"result": handle(json.loads(line))}
        except LensError as error:
            answer = {"error": str(error), "error_class": type(error).__name__}
        except Exception as error:  # noqa: BLE001  (reported to the caller, whatever it was)
            if os.environ.get("LENS_LOG_LEVEL", "").upper() == "DEBUG":
                traceback.print_exc()
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
            answer = {
                "error": f"{reason} (LENS_LOG_LEVEL=DEBUG shows where)",
                "error_class": "WorkerError",
            }
        try:
            answers.write(json.dumps(answer, default=str) + "\n")
            answers.flush()
        except BrokenPipeError:  # whoever asked was killed
            os._exit(0)


def _end_with(parent: int) -> None:
    """An orphan gets another parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    served = importlib.import_module(sys.argv[1])
    serve(served.handle, getattr(served, "prepare", None))
    sys.stderr.flush()
    os._exit(0)  # taking hundreds of modules apart takes a second; there is nothing left to do
