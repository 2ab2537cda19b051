"""Roles and the audit log where the pipeline is no superuser, and where it may make no roles."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from loyalty_lens.stewardship.audit import record
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.formats import with_user
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.owner import OWNER
from loyalty_lens.warehouse.roles import NAMES
from loyalty_lens.warehouse.server import ADMIN, EmbeddedServer

OWNERS = (
    "select relowner::regrole::text from pg_class where oid = 'ops.audit_log'::regclass"
    " union all select proowner::regrole::text from pg_proc where proname = 'write_audit'"
)


@pytest.fixture
def admin(home: Path) -> Iterator[str]:
    """The URL of a server's superuser, with two users who own a database each."""
    url = EmbeddedServer(home, options={"fsync": "off"}).start().url("postgres", user=ADMIN)
    with closing(connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        for name, rights in (("maker", "createrole"), ("plain", "nocreaterole")):
            cursor.execute(f"create role {name} login {rights} password 'only-for-tests'")
            cursor.execute(f"create database {name} owner {name}")
    yield url


def _url(admin: str, name: str) -> str:
    return with_user(admin, name, "only-for-tests").replace("/postgres", f"/{name}")


def _ask(url: str, statement: str) -> list[tuple[str, ...]]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_without_roles_it_works_and_says_what_an_administrator_runs(
    admin: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = _url(admin, "plain")
    migrate(url)
    statements = caplog.text.partition("an administrator runs: ")[2]
    # The embedded server has its own lens_owner.
    assert statements.count("create role") == len(NAMES) - 1
    assert all(f'create role "{name}"' in statements for name in NAMES if name != OWNER)
    assert _ask(url, OWNERS) == [("plain",), ("plain",)]
    with connected(url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "it goes on")
    with pytest.raises(psycopg2.Error, match="only added to"):
        _ask(url, "delete from ops.audit_log returning action")

    with closing(connect(admin, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(statements.strip())
    migrate(url)  # as any later run does
    assert _ask(url, "select has_schema_privilege('lens_analyst', 'analyst', 'usage')::text") == [
        ("true",)
    ]


def test_a_pipeline_that_is_no_superuser_only_adds_to_the_log(admin: str) -> None:
    url = _url(admin, "maker")
    migrate(url)
    assert _ask(url, OWNERS) == [("lens_audit",), ("lens_audit",)]
    with connected(url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "to be kept")
    for change in (
        "delete from ops.audit_log returning action",
        "update ops.audit_log set reason = 'x' returning action",
        "insert into ops.audit_log (action, reason) values ('x', 'y') returning action",
        "truncate ops.audit_log",
    ):
        with pytest.raises(psycopg2.Error, match="permission denied"):
            _ask(url, change)
    assert _ask(url, "select action, login from ops.audit_log") == [("test", "maker")]
    assert migrate(url) == []
