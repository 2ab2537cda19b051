"""The audit log is only added to, says who was connected, and belongs to none who work with it."""

import psycopg2
import pytest

from loyalty_lens.stewardship.audit import record
from loyalty_lens.warehouse.connection import actor, connected
from tests.privacy.people import ROLES, People


def test_log_and_its_function_belong_to_a_role_that_nobody_connects_as(people: People) -> None:
    assert people.as_owner(
        "select relowner::regrole::text from pg_class where oid = 'ops.audit_log'::regclass"
        " union all select proowner::regrole::text from pg_proc where proname = 'write_audit'"
    ) == [("lens_audit",), ("lens_audit",)]
    assert people.as_owner(
        "select rolcanlogin, (select count(*) from pg_auth_members where roleid = pg_roles.oid"
        " and (inherit_option or set_option)) from pg_roles where rolname = 'lens_audit'"
    ) == [(False, 0)]


@pytest.mark.parametrize(
    "change",
    [
        "update ops.audit_log set reason = 'another'",
        "delete from ops.audit_log",
        "truncate ops.audit_log",
        "insert into ops.audit_log (action, reason) values ('forged', 'x')",
        "alter table ops.audit_log disable trigger append_only",
        "set session_replication_role = replica",
        "set role lens_audit",
    ],
)
def test_pipeline_itself_only_adds_entries(people: People, change: str) -> None:
    with connected(people.url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "to be kept")
    with pytest.raises(psycopg2.Error, match=r"permission denied|must be owner"):
        people.as_owner(change)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_an_entry_of_its_own(people: People, role: str) -> None:
    for statement in (
        "select ops.write_audit('forged', 'x')",
        "insert into ops.audit_log (action, reason) values ('forged', 'x')",
        "update steward.audit_log set reason = 'x'",
        *(["select privacy.note_reading('nothing')"] if role != "steward" else []),
    ):
        assert "permission denied" in (people.refusal(role, statement) or ""), statement


def test_entry_names_the_person_and_the_login(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENS_ACTOR", "Ann O'Nym -c x=y")
    assert actor() == "Ann_O_Nym_-c_x_y"
    with connected(people.url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "who is it")
    ((login,),) = people.as_owner("select session_user")
    newest = "select actor, login from {} order by entry_id desc limit 1"
    assert people.as_owner(newest.format("ops.audit_log")) == [(actor(), login)]
    assert people.ask("steward", newest.format("steward.audit_log")) == [(actor(), login)]


def test_reading_that_is_rolled_back_is_in_the_log_of_the_server(people: People) -> None:
    said: list[str] = []
    with connected(people.url_of("steward")) as connection, connection.cursor() as cursor:
        cursor.execute("set client_min_messages = log")
        cursor.execute("select count(*) from steward.customer_details")
        said += connection.notices
        connection.rollback()
    wanted = f"loyalty lens audit: {people.names['steward']} reads marts.customer_details"
    assert any(wanted in notice for notice in said)
