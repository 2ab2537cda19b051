"""The stack without containers: each service's command, with the environment that Compose gives it.

What stands in for a container's own network and file system: host names become 127.0.0.1 with a
free port, /opt/airflow becomes a folder of the test. Everything else is docker-compose.yml's.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.unit.stack import compose

# Ports that a container has to itself.
PORT_SETTINGS = {
    "AIRFLOW__API__PORT": "localhost:8080",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": "localhost:8974",
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": "localhost:8793",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": "localhost:8794",
}


class Stack:
    """Runs the commands of docker-compose.yml for one .env, each in a session of its own."""

    def __init__(self, folder: Path, values: dict[str, str], postgres_port: int) -> None:
        self.folder = folder
        self.services: dict[str, Any] = compose.load(values)["services"]
        self.api, self.metabase, health, logs, more_logs = free_ports(5)
        self.places = {
            "/opt/airflow/project": str(compose.ROOT),
            "/opt/airflow": str(folder),
            "warehouse:5432": f"127.0.0.1:{postgres_port}",
            "airflow-database:5432": f"127.0.0.1:{postgres_port}",
            "airflow-api-server:8080": f"127.0.0.1:{self.api}",
            "metabase:3000": f"127.0.0.1:{self.metabase}",
            "localhost:3000": f"localhost:{self.metabase}",
            "localhost:8080": f"localhost:{self.api}",
            "localhost:8974": f"localhost:{health}",
            "localhost:8793": f"localhost:{logs}",
            "localhost:8794": f"localhost:{more_logs}",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service, and no setting of whoever runs the tests."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "_AIRFLOW", "LENS_", "PG", "MB_", "FORCE_COLOR"))
        }
        ports = {name: self._placed(at).split(":")[1] for name, at in PORT_SETTINGS.items()}
        own = {
            name: self._placed(str(value))
            for name, value in self.services[service].get("environment", {}).items()
        }
        return {
            **inherited,
            **ports,
            **own,
            "AIRFLOW_HOME": str(self.folder),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited["PATH"]]),
            "NO_COLOR": "1",
        }

    def run(self, service: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The service's command, to its end."""
        return subprocess.run(
            self._command(self.services[service]["command"]),
            env={**self.environment(service), **more},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, service: str) -> None:
        """The service's command, in the background."""
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(
                self._command(self.services[service]["command"]),
                env=self.environment(service),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_healthy(self, service: str, **more: str) -> bool:
        """What the service's health check says: its very command, run here."""
        test = self.services[service]["healthcheck"]["test"]
        assert test[0] == "CMD"
        done = subprocess.run(
            self._command(test[1:]),
            env={**self.environment(service), **more},
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode == 0

    def wait(self, what: str, seconds: int, ready: Callable[[], Any]) -> Any:
        """What `ready` answers once that is true; fails with the ends of the logs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = [
                name
                for name, process in self.processes.items()
                if process.poll() is not None and self.services[name]["restart"] != "no"
            ]
            if ended:
                pytest.fail(f"{', '.join(ended)} ended{self.logs()}")
            if answer := ready():
                return answer
            time.sleep(0.5)
        pytest.fail(f"{what}: not within {seconds} s{self.logs()}")

    def logs(self) -> str:
        """The ends of all logs."""
        tasks = sorted(self.folder.glob("logs/dag_id=*/**/*.log"), key=os.path.getmtime)
        return "".join(
            f"\n--- {log.relative_to(self.folder)}\n{log.read_text(errors='replace')[-2500:]}"
            for log in [*self.folder.glob("*.log"), *tasks[-2:]]
        )

    def stop(self) -> None:
        """Ends every process of the sessions started here, gently first."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            ours = self._ours()
            for process in ours:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(sign)
            psutil.wait_procs(ours, timeout=5)
        for process in self.processes.values():
            process.wait(timeout=10)
        self.processes.clear()

    def _ours(self) -> list[psutil.Process]:
        sessions = {process.pid for process in self.processes.values()}
        found = []
        for pid in psutil.pids():
            with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
                if os.getsid(pid) in sessions:
                    found.append(psutil.Process(pid))
        return found

    def _command(self, words: list[str]) -> list[str]:
        return [self._placed(word) for word in words]

    def _placed(self, text: str) -> str:
        for name, place in self.places.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?!\d)", place, text)
        return text


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
