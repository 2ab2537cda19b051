"""A gate's helper that dies in the middle of its work."""

import subprocess
from typing import Any

from loyalty_lens.errors import WorkerError
from loyalty_lens.worker import Worker


class Dying(Worker):
    """Passes some calls on to a living helper, then is gone (WorkerError)."""

    def __init__(self, living: Worker, calls: int) -> None:
        self.living, self.left = living, calls

    def start(self) -> subprocess.Popen[str]:
        return self.living.start()

    def call(self, **request: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise WorkerError("gone")
        return self.living.call(**request)
