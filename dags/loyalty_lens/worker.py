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
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from loyalty_lens.errors import LensError, WorkerError

NO_USAGE_REPORTS = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PYTHONUNBUFFERED": "1",
}


class Worker:
    """A process that imports `module` and answers calls to its `handle(request) -> answer`.

    It starts on construction, so that its imports overlap with other work, and ends with `close`.
    """

    def __init__(self, module: str, environment: dict[str, str] | None = None) -> None:
        self.module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loyalty_lens.worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **NO_USAGE_REPORTS, **(environment or {})},
        )

    def call(self, **request: Any) -> Any:
        """The answer to one request. LensErrors of the helper come back as the same class."""
        assert self._process.stdin and self._process.stdout  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(request, default=str) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (BrokenPipeError, OSError):
            line = ""
        if not line:
            raise WorkerError(
                f"{self.module} ended with exit code {self._process.wait()}; see its log above"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise _error_class(answer["error_class"])(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Ends the process; a second call does nothing."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _error_class(name: str) -> type[LensError]:
    errors = importlib.import_module("loyalty_lens.errors")
    found = getattr(errors, name, WorkerError)
    return found if isinstance(found, type) and issubclass(found, LensError) else WorkerError


def serve(handle: Callable[[dict[str, Any]], Any]) -> None:
    """Answers requests until standard input ends. Everything printed meanwhile goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = {"result": handle(json.loads(line))}
        except LensError as error:
            answer = {"error": str(error), "error_class": type(error).__name__}
        except Exception as error:  # noqa: BLE001  (reported to the caller, whatever it was)
            traceback.print_exc()
            reason = " ".join(str(error).split())[:500]
            answer = {"error": f"{type(error).__name__}: {reason}", "error_class": "WorkerError"}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(importlib.import_module(sys.argv[1]).handle)
