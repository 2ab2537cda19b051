"""Which function answers which path."""

import re
from collections.abc import Callable
from typing import Any

from tests.dashboards.metabase_server.state import RefusalError, Request, State

Answer = Callable[..., Any]  # (state, request, *parts of the path) -> JSON; None is 204
ROUTES: list[tuple[str, re.Pattern[str], Answer]] = []
PUBLIC = re.compile(r"^/api/(health|session|session/properties|setup)$")


def route(method: str, path: str) -> Callable[[Answer], Answer]:
    """Registers a function for `/api/card/{id}`; what stands in braces becomes its arguments."""
    pattern = re.compile("^" + re.sub(r"\{\w+\}", "([^/]+)", path) + "$")

    def register(answer: Answer) -> Answer:
        ROUTES.append((method, pattern, answer))
        return answer

    return register


def answer(state: State, request: Request) -> Any:
    """What the route says; 404 where there is none."""
    for method, pattern, function in ROUTES:
        found = pattern.match(request.path)
        if found and method == request.method:
            return function(state, request, *found.groups())
    raise RefusalError(404, "API endpoint does not exist.")
