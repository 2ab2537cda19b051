"""Alerts reach a mail server and a web address that speak the real protocols, on loopback."""

import datetime as dt
import email
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from loyalty_lens.alerts import channels
from loyalty_lens.alerts.alert import Alert
from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings

ALERT = Alert(
    kind="run failed",
    subject="loyalty_daily: validate failed",
    reason="store_sales_header: überall Lücken; see lens status",
    run_id="loyalty_daily.scheduled__2026-01-11",
    business_date=dt.date(2026, 1, 11),
    link="http://localhost:8080/log",
    details={"task": "validate"},
)

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on loopback


@dataclass
class Mailbox:
    """What a mail server took; `answers` are given first, in order."""

    letters: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@dataclass
class Hook:
    """What a web address was told; `codes` are answered first, in order."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()

    def authenticate(*arguments: Any) -> AuthResult:
        data = arguments[4]
        knows = (data.login, data.password) == (b"lens@shop", b"a b/c")
        return AuthResult(success=knows, handled=False)

    server = Controller(
        box,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=authenticate,
        auth_require_tls=False,
        auth_required=True,
    )
    server.start()
    yield box, f"smtp://lens%40shop:a%20b%2Fc@127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = hook.codes.pop(0) if hook.codes else 200
            if code == 200:
                hook.told.append(json.loads(body))
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/secret-path"
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "PAUSE", 0.01)


def settings(**environment: str) -> Settings:
    return Settings.from_environment({"LENS_LOG_LEVEL": "INFO", **environment})


def test_everybody_who_is_named_is_told(mailbox: tuple[Mailbox, str], hook: Hook) -> None:
    box, smtp = mailbox
    took = channels.send(
        settings(
            LENS_ALERT_EMAIL="ann@example.com, bob@example.com",
            LENS_ALERT_FROM="lens@example.com",
            LENS_SMTP_URL=smtp,
            LENS_ALERT_WEBHOOK=hook.url,
        ),
        ALERT,
    )
    assert took == ["log", "e-mail", "webhook"]
    (letter,) = box.letters
    assert box.recipients == ["ann@example.com", "bob@example.com"]
    assert letter["Subject"] == "[Loyalty Lens] loyalty_daily: validate failed"
    assert letter["From"] == "lens@example.com"
    text = letter.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert ALERT.reason in text and "docs/runbook.md" in text and ALERT.link in text
    (told,) = hook.told
    assert told["text"].startswith("loyalty_daily: validate failed: store_sales_header")
    assert (told["kind"], told["business_date"]) == ("run failed", "2026-01-11")
    assert told["details"] == {"task": "validate"}


def test_nothing_set_tells_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert channels.send(settings(), ALERT) == ["log"]
    assert "alert (run failed): loyalty_daily: validate failed" in caplog.text


def test_who_is_busy_is_told_again_and_once(mailbox: tuple[Mailbox, str], hook: Hook) -> None:
    box, smtp = mailbox
    box.answers, hook.codes = ["451 busy", "451 busy"], [503, 429]
    both = settings(
        LENS_ALERT_EMAIL="a@example.com", LENS_SMTP_URL=smtp, LENS_ALERT_WEBHOOK=hook.url
    )
    assert channels.send(both, ALERT) == ["log", "e-mail", "webhook"]
    assert (len(box.letters), len(hook.told)) == (1, 1)


def test_a_channel_that_refuses_stops_no_other_and_no_secret_is_told(
    mailbox: tuple[Mailbox, str], hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    box, smtp = mailbox
    hook.codes = [404]
    wrong = settings(
        LENS_ALERT_EMAIL="a@example.com",
        LENS_SMTP_URL=smtp.replace("a%20b", "guessed"),
        LENS_ALERT_WEBHOOK=hook.url,
    )
    with caplog.at_level(logging.WARNING):
        assert channels.send(wrong, ALERT) == ["log"]
    assert (box.letters, hook.told) == ([], [])
    assert "e-mail did not take it (535" in caplog.text
    assert "webhook did not take it (404 Not Found)" in caplog.text
    assert "guessed" not in caplog.text and "secret-path" not in caplog.text


def test_nobody_there_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    nobody = settings(
        LENS_ALERT_EMAIL="a@example.com", LENS_SMTP_URL=f"smtp://127.0.0.1:{_free_port()}"
    )
    assert channels.send(nobody, ALERT) == ["log"]
    assert "e-mail did not take it (ConnectionRefusedError" in caplog.text


@pytest.mark.parametrize("name", ["LENS_SMTP_URL", "LENS_ALERT_WEBHOOK"])
def test_an_address_that_is_none_is_told_without_what_it_holds(name: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        settings(**{name: "hunter2@example.com"})
    assert "hunter2" not in str(refused.value)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
