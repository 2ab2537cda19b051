"""Whoever is let see something by plain SQL is noted, with what was given and why."""

from contextlib import closing
from typing import Any

import pytest

from loyalty_lens.warehouse.connection import connect

NEWEST = """
select action, reason, login, details from ops.audit_log order by entry_id desc limit 1
"""


def ask(url: str, *statements: str) -> list[tuple[Any, ...]]:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    ("statement", "action", "table", "before", "after"),
    [
        (
            "insert into privacy.store_access (role_name, store_region) values ('carl', 'North')",
            *("give access", "store_access", None, {"store_region": "North"}),
        ),
        (
            "update privacy.store_access set store_region = 'South' where role_name = 'carl'",
            *("change access", "store_access", {"store_region": "North"}),
            {"store_region": "South"},
        ),
        (
            "delete from privacy.store_access where role_name = 'carl'",
            *("take access", "store_access", {"role_name": "carl"}, None),
        ),
        (
            "insert into privacy.readers (role_name, kind, reason) values ('dora', 'email', 'x')",
            *("give access", "readers", None, {"role_name": "dora", "kind": "email"}),
        ),
        ("truncate privacy.readers", "take access", "readers", None, None),
        (
            "update privacy.masks set policy = 'pass' where role_name = 'lens_marketing'"
            " and kind = 'phone'",
            *("change access", "masks", {"policy": "hide"}, {"policy": "pass"}),
        ),
        (
            "update privacy.roles set smallest_group = 5 where role_name = 'lens_marketing'",
            *("change access", "roles", {"smallest_group": 10}, {"smallest_group": 5}),
        ),
    ],
)
def test_change_of_who_sees_what_is_noted(
    database: str,
    statement: str,
    action: str,
    table: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    ask(database, "set lens.reason = 'ticket 8'", statement)
    ((noted, reason, login, details),) = ask(database, NEWEST)
    assert (noted, reason) == (action, "ticket 8")
    assert [(login,)] == ask(database, "select session_user::text")
    assert details["table"] == f"privacy.{table}"
    for told, wanted in ((details.get("before"), before), (details.get("after"), after)):
        assert wanted is None or wanted.items() <= told.items()


def test_reason_of_a_reader_is_that_of_the_entry_and_nothing_is_noted_of_what_failed(
    database: str,
) -> None:
    give = "insert into privacy.readers (role_name, kind, reason) values ('eve', 'name', 'letters')"
    ask(database, give)
    count = "select count(*) from ops.audit_log"
    before = ask(database, count)
    assert ask(database, NEWEST)[0][1] == "letters"
    with pytest.raises(Exception, match="duplicate key"):
        ask(database, give)
    assert ask(database, count) == before
