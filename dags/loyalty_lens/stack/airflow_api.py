"""Airflow's REST API, as much of it as a smoke test needs."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from loyalty_lens.errors import LensError


class AirflowApiError(LensError):
    """Airflow does not answer, or refuses; the message has its words."""


@dataclass(frozen=True)
class AirflowApi:
    """A session of one user."""

    url: str
    token: str = field(default="", repr=False)

    @classmethod
    def logged_in(cls, url: str, user: str, password: str) -> Self:
        """Raises AirflowApiError where Airflow is down or knows another password."""
        answer = cls(url).call("POST", "/auth/token", {"username": user, "password": password})
        return cls(url, answer["access_token"])

    def trigger(self, dag: str) -> str:
        """A new run without a date; its id."""
        run = self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def state(self, dag: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}")["state"])

    def failed_tasks(self, dag: str, run_id: str) -> list[str]:
        """The tasks of a run that failed, by name."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances?state=failed"
        return [task["task_id"] for task in self.call("GET", path)["task_instances"]]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of one call. Raises AirflowApiError."""
        request = urllib.request.Request(  # noqa: S310  (our own address)
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            words = " ".join(error.read().decode("utf-8", "replace").split())[:200]
            raise AirflowApiError(
                f"{method} {self.url}{path}: {error.code} {words or error.reason}"
            ) from None
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            reason = getattr(error, "reason", error)
            raise AirflowApiError(f"{self.url}: Airflow does not answer ({reason})") from None
