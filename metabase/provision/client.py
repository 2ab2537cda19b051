"""Metabase over HTTP: JSON in, JSON out, every refusal one line that says what to do."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from loyalty_lens.errors import MetabaseError, first_line

LOG = logging.getLogger(__name__)
# They tell every request, and at DEBUG the cookie with the session in it.
for library in ("httpx", "httpcore"):
    logging.getLogger(library).setLevel(logging.WARNING)

Json = dict[str, Any]
Headers = Mapping[str, str]

TIMEOUT = 90.0  # seconds an answer may take; lens_bi's own statement timeout is 60
PAUSES = (0.3, 1.0, 3.0)  # seconds before a read is asked again
PASSING = (502, 503, 504)
WHAT_TO_DO = {
    400: "correct what it names and push again",
    401: "correct LENS_METABASE_EMAIL and LENS_METABASE_PASSWORD, or LENS_METABASE_API_KEY",
    403: "use an administrator's account, or an API key of the group Administrators",
    404: "this needs Metabase 0.57 or newer at LENS_METABASE_URL",
    409: "somebody else changed it at the same moment; push again",
}


class Metabase:
    """A connection to one Metabase; closes at the end of a `with`."""

    def __init__(self, url: str, secrets: tuple[str, ...] = ()) -> None:
        self.url = url
        self._secrets = secrets
        self._renew: Callable[[], Headers] | None = None
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT)

    def __enter__(self) -> "Metabase":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def authenticate(self, headers: Headers, renew: Callable[[], Headers] | None) -> None:
        """Sends `headers` from now on; `renew` gives new ones when a session has expired."""
        self._http.cookies.clear()  # a session's cookie would go before a newer header
        self._http.headers.update(headers)
        self._renew = renew

    def get(self, path: str, **parameters: Any) -> Any:
        """Reads; what may be a passing trouble is tried again. Raises MetabaseError."""
        return self._asked("GET", path, params=parameters)

    def find(self, path: str) -> Any:
        """Reads what may be gone: None where Metabase knows nothing under this path."""
        return self._asked("GET", path, may_be_gone=True)

    def post(self, path: str, body: Json | None = None, *, remedy: str | None = None) -> Any:
        """Creates, or starts a job; never repeated. Raises MetabaseError ending in `remedy`."""
        return self._asked("POST", path, body=body, remedy=remedy)

    def put(self, path: str, body: Json, *, remedy: str | None = None) -> Any:
        """Changes; never repeated. Raises MetabaseError ending in `remedy`."""
        return self._asked("PUT", path, body=body, remedy=remedy)

    def state(self) -> tuple[int | None, str]:
        """Status and words of the health page; None and a reason where nothing answers."""
        try:
            answer = self._http.get("/api/health")
            if answer.status_code == httpx.codes.OK:
                answer = self._http.get("/api/session/properties")
            return answer.status_code, self._words(answer)
        except httpx.HTTPError as error:
            return None, self._reason(error)

    def _asked(
        self,
        method: str,
        path: str,
        *,
        params: Json | None = None,
        body: Json | None = None,
        remedy: str | None = None,
        may_be_gone: bool = False,
    ) -> Any:
        answer = self._answer(method, path, params, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED and self._renew:
            renew, self._renew = self._renew, None  # a second refusal is one
            self.authenticate(renew(), renew)
            answer = self._answer(method, path, params, body)
        if may_be_gone and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            todo = remedy or WHAT_TO_DO.get(
                answer.status_code, "see Metabase's log, then push again"
            )
            raise MetabaseError(
                f"{method} {self.url}{path}: {answer.status_code} {self._words(answer)}; {todo}"
            )
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise MetabaseError(
                f"{method} {self.url}{path}: the answer is not JSON;"
                " is it Metabase that LENS_METABASE_URL names?"
            ) from None

    def _answer(
        self, method: str, path: str, params: Json | None, body: Json | None
    ) -> httpx.Response:
        for pause in (*PAUSES, None):
            last = pause is None or method != "GET"
            try:
                answer = self._http.request(method, path, params=params, json=body)
                if last or answer.status_code not in PASSING:
                    return answer
            except httpx.HTTPError as error:
                if last:
                    raise MetabaseError(
                        f"{method} {self.url}{path}: {self._reason(error)};"
                        " see that Metabase runs (LENS_METABASE_URL), then push again"
                    ) from None
            time.sleep(pause or 0)
        raise AssertionError("the last try returns or raises")

    def _words(self, answer: httpx.Response) -> str:
        """What Metabase says: `message`, the first of `errors`, or the text itself."""
        text = answer.text
        try:
            said = answer.json()
        except ValueError:
            said = text
        if isinstance(said, dict):
            errors = said.get("errors")
            named = [f"{k}: {v}" for k, v in errors.items()] if isinstance(errors, dict) else []
            message = said.get("message") or said.get("error") or said.get("status")
            text = ", ".join(filter(None, [str(message or ""), *named]))
        return self._without_secrets(first_line(text, otherwise=answer.reason_phrase)[:300])

    def _reason(self, error: httpx.HTTPError) -> str:
        reason = first_line(error, otherwise=type(error).__name__)
        return self._without_secrets(f"no answer ({reason})")

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def wait_until_up(api: Metabase, seconds: float) -> None:
    """Returns when Metabase answers; a first start takes a minute or two. Raises MetabaseError."""
    end = time.monotonic() + seconds
    pause = 0.2
    told = ""
    while True:
        status, words = api.state()
        if status == httpx.codes.OK:
            return
        if words != told:
            LOG.info("waiting for Metabase at %s: %s", api.url, words)
            told = words
        if time.monotonic() + pause > end:
            raise MetabaseError(
                f"{api.url}: Metabase is not up after {seconds:.0f} s"
                f" ({f'{status} ' if status else ''}{words}); start it, correct"
                " LENS_METABASE_URL, or give it longer with --wait"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)
