"""HTTP on loopback: records, shows faults, lets in those with a session, answers JSON."""

import json
import socket
import struct
import threading
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.dashboards.metabase_server import (  # noqa: F401  (each registers its routes)
    access,
    cards,
    collections,
    dashboards,
    databases,
    permissions,
    routes,
)
from tests.dashboards.metabase_server.declared import declared_part
from tests.dashboards.metabase_server.state import Fault, Recorded, RefusalError, Request, State

COOKIE = "metabase.SESSION"


class MetabaseServer:
    """The stand-in on a port of its own, within a `with`."""

    def __init__(self, *, port: int = 0, polls_until_synced: int = 2) -> None:
        self.state = State(polls_until_synced=polls_until_synced)
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.state = self.state
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "MetabaseServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def requests(self) -> list[Recorded]:
        """Every request since the start or the last `forget`."""
        return list(self.state.recorded)

    @property
    def writes(self) -> list[Recorded]:
        """Those that change what Metabase holds."""
        return [each for each in self.requests if each.is_write]

    @property
    def dropped(self) -> list[str]:
        """Keys that Metabase would have ignored in silence."""
        return [f"{each.method} {each.path}: {k}" for each in self.requests for k in each.dropped]

    def forget(self) -> None:
        """Counts requests anew."""
        self.state.recorded.clear()

    def break_with(self, *faults: Fault) -> None:
        """Requests that match fail from now on, as often as each fault says."""
        self.state.faults.extend(faults)


class _Http(ThreadingHTTPServer):
    state: State
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: else each answer waits for the other side
    server: _Http

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""

    def _answer(self, method: str) -> None:
        state = self.server.state
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else {}
        dropped: list[str] = []
        with state.lock:
            try:
                is_lost = self._show_faults(state, method, parts.path)
                self._let_in(state, parts.path)
                declared, dropped = declared_part(method, parts.path, body)
                request = Request(method, parts.path, parse_qs(parts.query), declared)
                said = routes.answer(state, request)
                status = 202 if parts.path.endswith("/query") else 200
                if is_lost:
                    raise ConnectionResetError
            except RefusalError as refusal:
                status, said = refusal.status, refusal.body
            except ConnectionResetError:
                state.recorded.append(Recorded(method, parts.path, body, None, ()))
                self._reset()
                return
            status = 204 if said is None else status
            state.recorded.append(Recorded(method, parts.path, body, status, tuple(dropped)))
        self._send(status, said)

    def _show_faults(self, state: State, method: str, path: str) -> bool:
        """Fails as it was told to; True where only the answer is to be lost."""
        is_lost = False
        for fault in state.faults:
            if fault.strikes(method, path):
                if fault.kind == "reset":
                    raise ConnectionResetError
                if fault.kind == "expired session":
                    state.sessions.clear()
                elif fault.kind == "lost answer":
                    is_lost = True
                else:
                    raise RefusalError(int(fault.kind), {"status": "initializing"})
        return is_lost

    def _let_in(self, state: State, path: str) -> None:
        cookie = SimpleCookie(self.headers.get("Cookie") or "").get(COOKIE)
        session = cookie.value if cookie else self.headers.get("X-Metabase-Session")
        key = self.headers.get("X-API-KEY")
        known = session in state.sessions or key in state.api_keys
        if not known and not routes.PUBLIC.match(path):
            raise RefusalError(401, "Unauthenticated")

    def _send(self, status: int, said: Any) -> None:
        content = b"" if said is None else json.dumps(said).encode()
        if isinstance(said, str) and status >= 400:  # Metabase refuses in plain words
            content = said.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 200 and self.path in ("/api/session", "/api/setup"):
            self.send_header("Set-Cookie", f"{COOKIE}={said['id']}; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # close() sends RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
