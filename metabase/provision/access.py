"""Into Metabase: set up on the first push, logged in afterwards, or with an API key."""

from collections.abc import Callable

from loyalty_lens.errors import MetabaseError, SettingsError
from metabase.provision.client import Headers, Metabase
from metabase.provision.report import Report
from metabase.provision.target import NAME, Target


def enter(api: Metabase, target: Target, report: Report) -> None:
    """Makes the administrator where Metabase has no user yet, else logs in as `target` says.

    Raises MetabaseError where the account is refused.
    """
    token = setup_token(api)
    if token:
        api.authenticate(_set_up(api, target, token), _log_in(api, target))
        report.created(f"administrator {target.email}")
    else:
        identify(api, target)


def setup_token(api: Metabase) -> str | None:
    """What makes the first user; None where there is one already."""
    properties = api.get("/api/session/properties")
    token = properties.get("setup-token")
    return None if properties.get("has-user-setup") or not token else str(token)


def identify(api: Metabase, target: Target) -> None:
    """Logs in, or uses the API key; makes nothing. Raises MetabaseError where it is refused."""
    if target.api_key:
        api.authenticate({"X-API-KEY": target.api_key}, None)
        return
    log_in = _log_in(api, target)
    api.authenticate(log_in(), log_in)


def _set_up(api: Metabase, target: Target, token: str) -> Headers:
    if not (target.email and target.password):
        raise SettingsError(
            "LENS_METABASE_EMAIL and LENS_METABASE_PASSWORD are needed once: this Metabase has no"
            " user yet, and the first push makes its administrator"
        )
    answer = api.post(
        "/api/setup",
        {
            "token": token,
            "user": {
                "first_name": "Admin",
                "last_name": NAME,
                "email": target.email,
                "password": target.password,
            },
            "prefs": {"site_name": NAME, "site_locale": "en"},
        },
        remedy="correct LENS_METABASE_EMAIL or choose another LENS_METABASE_PASSWORD",
    )
    return _session(answer)


def _log_in(api: Metabase, target: Target) -> Callable[[], Headers]:
    account = {"username": target.email, "password": target.password}
    return lambda: _session(api.post("/api/session", account))


def _session(answer: object) -> Headers:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise MetabaseError("Metabase gave no session; see its log, then push again")
    return {"X-Metabase-Session": answer["id"]}
