"""The same push onto a real Metabase, where one is named: a throw-away one, for it is changed.

METABASE_TEST_URL (or LENS_TEST_METABASE_URL) is its address, LENS_TEST_METABASE_WAREHOUSE the
host:port under which it reaches the test server (LENS_TEST_DATABASE_URL). The stand-in passes, too.
"""

import os
from dataclasses import replace
from typing import Any

import httpx
import pytest

from loyalty_lens.settings import Settings
from metabase.definition import Definition
from metabase.provision.check import check
from metabase.provision.push import push
from tests.dashboards.pushing import EMAIL, PASSWORD, with_card, without_card

URL = (os.environ.get("METABASE_TEST_URL") or os.environ.get("LENS_TEST_METABASE_URL", "")).strip()

pytestmark = [
    pytest.mark.metabase,
    pytest.mark.skipif(not URL, reason="METABASE_TEST_URL names no Metabase"),
]


@pytest.fixture(scope="module")
def settings(shop: Settings) -> Settings:
    """The shop, and the Metabase of LENS_TEST_METABASE_URL; its set-up is the first push's."""
    return replace(
        shop,
        metabase_url=URL,
        metabase_email=os.environ.get("LENS_TEST_METABASE_EMAIL", EMAIL),
        metabase_password=os.environ.get("LENS_TEST_METABASE_PASSWORD", PASSWORD),
        metabase_warehouse=os.environ.get("LENS_TEST_METABASE_WAREHOUSE"),
    )


def counts(settings: Settings, definition: Definition | None = None) -> tuple[int, int, int]:
    """Created, changed, archived by one push."""
    report = push(settings, lambda _: None, definition=definition).report
    return report.created_count, report.changed_count, report.archived_count


def test_a_real_metabase_takes_the_push_and_a_second_changes_nothing(settings: Settings) -> None:
    counts(settings)
    assert counts(settings) == (0, 0, 0)
    checked = check(settings)
    assert checked.queries > checked.cards > 0


def test_a_real_metabase_takes_one_edit_and_one_removal(settings: Settings) -> None:
    counts(settings)
    edited = with_card(
        "overview/revenue", lambda card: card.model_copy(update={"display": "table"})
    )
    assert counts(settings, edited) == (0, 1, 0)
    assert counts(settings, edited) == (0, 0, 0)
    assert counts(settings, without_card("overview/revenue")) == (0, 1, 1)
    assert counts(settings) == (1, 1, 0)
    check(settings)


def test_a_real_metabase_describes_the_bodies_that_are_sent(settings: Settings) -> None:
    described = httpx.get(f"{settings.metabase_url}/api/docs/openapi.json", timeout=60)
    if described.status_code != httpx.codes.OK:
        pytest.skip("this Metabase does not serve its own description")
    paths: dict[str, Any] = described.json()["paths"]
    known = {(method.upper(), path) for path, each in paths.items() for method in each}
    assert known >= {
        *(("POST", f"/api/{path}") for path in ("setup", "session", "database", "collection")),
        *(("POST", f"/api/{path}") for path in ("card", "dashboard", "permissions/group")),
        *(("PUT", f"/api/{path}/{{id}}") for path in ("database", "card", "dashboard")),
        *(("PUT", f"/api/{path}/{{id}}") for path in ("table", "field")),
        *(("PUT", f"/api/{path}/graph") for path in ("permissions", "collection")),
        ("PUT", "/api/setting/{key}"),
    }
