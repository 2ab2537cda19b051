"""Health, set-up, log-in, API keys, settings."""

import uuid
from typing import Any

from tests.dashboards.metabase_server.routes import route
from tests.dashboards.metabase_server.state import Json, RefusalError, Request, State, invalid

KNOWN_SETTINGS = ("custom-homepage", "custom-homepage-dashboard", "site-name")


@route("GET", "/api/health")
def health(_state: State, _request: Request) -> Json:
    return {"status": "ok"}


@route("GET", "/api/session/properties")
def properties(state: State, _request: Request) -> Json:
    return {
        "setup-token": state.setup_token,
        "has-user-setup": bool(state.users),
        "site-name": state.settings.get("site-name"),
        "site-url": state.settings.get("site-url"),
        "version": {"tag": "v0.64.0"},
    }


@route("POST", "/api/setup")
def set_up(state: State, request: Request) -> Json:
    if state.users:
        raise RefusalError(403, "The /api/setup route can only be used to create the first user.")
    if request.body.get("token") != state.setup_token:
        raise invalid("token", "Token does not match the setup token.")
    user = request.body["user"]
    if "@" not in user["email"] or "." not in user["email"].partition("@")[2]:
        raise invalid("user", "value must be a valid email address.")
    password = user["password"]
    if len(password) < 6 or not any(letter.isdigit() for letter in password):
        raise invalid("user", "password is too common.")
    if not request.body["prefs"].get("site_name"):
        raise invalid("prefs", "site_name: value must be a non-blank string.")
    state.users[user["email"]] = password
    state.settings["site-name"] = request.body["prefs"]["site_name"]
    state.setup_token = None
    return _session(state)


@route("POST", "/api/session")
def log_in(state: State, request: Request) -> Json:
    if state.users.get(request.body.get("username", "")) != request.body.get("password"):
        raise RefusalError(401, {"errors": {"password": "did not match stored password"}})
    return _session(state)


@route("POST", "/api/api-key")
def make_key(state: State, request: Request) -> Json:
    key = f"mb_{uuid.uuid4().hex}"
    state.api_keys.add(key)
    return {"id": len(state.api_keys), "name": request.body["name"], "unmasked_key": key}


@route("GET", "/api/setting/{key}")
def read_setting(state: State, _request: Request, key: str) -> Any:
    _require(key)
    return state.settings.get(key)


@route("PUT", "/api/setting/{key}")
def write_setting(state: State, request: Request, key: str) -> None:
    _require(key)
    state.settings[key] = request.body["value"]


def _require(key: str) -> None:
    if key not in KNOWN_SETTINGS:
        raise RefusalError(404, "Not found.")


def _session(state: State) -> Json:
    session = str(uuid.uuid4())
    state.sessions.add(session)
    return {"id": session}
