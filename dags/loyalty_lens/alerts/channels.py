"""Where alerts go. A channel that fails is told in the log, and stops nothing else."""

import json
import logging
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from loyalty_lens.alerts.alert import Alert
from loyalty_lens.settings import Settings

LOG = logging.getLogger(__name__)
SECONDS = 10.0
ATTEMPTS = 3
PAUSE = 1.0  # before the second attempt; then twice as long
# What another attempt may mend.
PASSING = (429, 500, 502, 503, 504)


def send(settings: Settings, alert: Alert, *, log: bool = True) -> list[str]:
    """Tells the log and every channel that is set; the names of those that took it.

    Without `log` where whoever calls tells it there.
    """
    took = []
    if log:
        LOG.error("alert (%s): %s: %s", alert.kind, alert.subject, alert.reason)
        took.append("log")
    channels: dict[str, Callable[[], None]] = {}
    if settings.alert_email:
        channels["e-mail"] = lambda: mail(settings, alert.subject, "\n".join(alert.lines()))
    if settings.alert_webhook:
        channels["webhook"] = lambda: _post(settings.alert_webhook or "", alert)
    for name, tell in channels.items():
        try:
            _patiently(tell)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            LOG.warning("alert: %s did not take it (%s)", name, _reason(error))
        else:
            took.append(name)
    return took


def mail(settings: Settings, subject: str, text: str, html: str | None = None) -> None:
    """One e-mail to LENS_ALERT_EMAIL through LENS_SMTP_URL.

    smtps:// speaks TLS from the start, smtp:// wherever the server offers it; a password is only
    sent over TLS, or to this machine. Raises OSError, SMTPException or ValueError.
    """
    place = urlsplit(settings.smtp_url)
    message = EmailMessage()
    message["From"] = settings.alert_from
    message["To"] = ", ".join(settings.alert_email)
    message["Subject"] = f"[Loyalty Lens] {subject}"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    with _server(place) as server:
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
        server.send_message(message)


def _server(place: SplitResult) -> smtplib.SMTP:
    host = place.hostname or "localhost"
    if place.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, place.port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, place.port or 25, timeout=SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    elif place.password and host not in ("localhost", "127.0.0.1", "::1"):
        server.close()
        raise ValueError("the server offers no TLS, and a password is not sent in the open")
    return server


def _post(url: str, alert: Alert) -> None:
    request = urllib.request.Request(  # noqa: S310  (an address of the settings)
        url,
        method="POST",
        data=json.dumps(alert.as_json(), default=str).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "loyalty-lens"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass


def _patiently(tell: Callable[[], None]) -> None:
    """Another attempt where the other side is busy or away for a moment."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return tell()
        except urllib.error.HTTPError as error:
            if error.code not in PASSING or attempt == ATTEMPTS:
                raise
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= 500 or attempt == ATTEMPTS:
                raise
        except OSError:
            if attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE * 2 ** (attempt - 1))
    return None


def _reason(error: Exception) -> str:
    """What the other side said; never the address, which may be a secret."""
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {error.reason}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {text}"
    return f"{type(error).__name__}: {getattr(error, 'reason', None) or error}"
