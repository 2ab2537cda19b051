"""The pipeline's role on the embedded server: no superuser, also where one made everything."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from loyalty_lens.errors import WarehouseError
from loyalty_lens.recovery.backup import back_up
from loyalty_lens.recovery.restore import restore
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.audit import record
from loyalty_lens.warehouse import state
from loyalty_lens.warehouse.access import bi_url, drop_warehouse, running_url, warehouse_url
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.formats import postgresql_url
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import ADMIN, EmbeddedServer

NOT_OURS = """
select 'relation', relname::text, relowner::regrole::text from pg_class
where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    and pg_get_userbyid(relowner) = 'lens'
union all
select 'function', proname::text, proowner::regrole::text from pg_proc
where pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
    and pg_get_userbyid(proowner) = 'lens'
union all
select 'schema', nspname::text, nspowner::regrole::text from pg_namespace
where nspname !~ '^(pg_|information_schema)' and pg_get_userbyid(nspowner) = 'lens'
"""
LOG = "select relowner::regrole::text from pg_class where oid = 'ops.audit_log'::regclass"


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def superuser_url(settings: Settings) -> str:
    """As an older release connects; nothing is changed over."""
    found = state.read_state(settings.home)
    assert found is not None
    return postgresql_url(
        user=ADMIN,
        password=found.password,
        host=state.HOST,
        port=found.port,
        database=settings.database,
    )


@pytest.fixture
def embedded(home: Path, settings: Settings) -> Settings:
    return replace(settings, home=home, database_url=None, bi_password=None)


@pytest.fixture
def old(embedded: Settings) -> Settings:
    """A server as an older release left it: all of it the superuser's, with a warehouse in it."""
    admin = EmbeddedServer(embedded.home).start().url("postgres", user=ADMIN)
    for statement in (
        "alter database postgres owner to lens",
        "drop owned by lens_owner",
        "drop role lens_owner",
        "create database loyalty_lens",
    ):
        ask(admin, statement)
    found = state.read_state(embedded.home)
    assert found is not None
    state.write_state(embedded.home, found.without_owner())
    url = superuser_url(embedded)
    migrate(url)
    ask(url, "alter role lens_owner nologin nocreatedb nocreaterole")  # as migration 0031 makes it
    for statement in (
        "create schema dev_ann_marts",
        "create table dev_ann_marts.mine (id serial primary key, big bigint generated always as"
        " identity)",
        "create materialized view dev_ann_marts.seen as select * from dev_ann_marts.mine",
        "create sequence dev_ann_marts.alone",
        "create function dev_ann_marts.one(a int, out b int) language sql as 'select 1'",
        "create role ann login password 'only-for-tests' in role lens_analyst",
        "insert into raw.stores (_batch_id, _row_number, store_id) values (1, 1, 'kept')",
    ):
        ask(url, statement)
    with connected(url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "of the old release")
    return embedded


def test_pipeline_of_an_embedded_server_is_no_superuser(embedded: Settings) -> None:
    url = warehouse_url(embedded)
    assert ask(
        url,
        "select current_user::text, rolsuper, rolbypassrls, rolreplication, rolcreatedb,"
        " rolcreaterole from pg_roles where rolname = session_user",
    ) == [("lens_owner", False, False, False, True, True)]
    for statement in (
        "copy (select 1) to program 'true'",
        "select pg_read_file('PG_VERSION')",
        "set session_replication_role = replica",
        "alter system set work_mem = '1GB'",
        "set role lens",
        "alter role lens_owner superuser",
        "grant pg_execute_server_program to lens_owner",
        "select rolpassword from pg_authid",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(url, statement)


def test_server_of_an_older_release_is_handed_over_at_its_next_start(old: Settings) -> None:
    with pytest.raises(WarehouseError, match="no role lens_owner yet: lens start makes it"):
        running_url(old)
    EmbeddedServer(old.home).stop()
    url = warehouse_url(old)
    assert ask(url, "select current_user::text") == [("lens_owner",)]
    assert ask(url, NOT_OURS) == []
    assert ask(url, "select store_id from raw.stores") == [("kept",)]
    assert ask(url, "select count(*) from pg_database where datdba = 'lens'::regrole") == [(2,)]
    assert running_url(old) == url
    # Roles and logins that were there: lens_bi's password, another's new one.
    assert ask(bi_url(old) or "", "select current_user::text") == [("lens_bi",)]
    ask(url, "alter role ann password 'another'")
    ask(url, "create role bob login password 'only-for-tests' in role lens_steward")
    # The log is lens_audit's as before, and is still written and read.
    assert ask(url, LOG) == [("lens_audit",)]
    with connected(url) as connection, connection.cursor() as cursor:
        record(cursor, "test", "of the new release")
    assert ask(url, "select login, reason from ops.audit_log order by entry_id") == [
        ("lens", "of the old release"),
        ("lens_owner", "of the new release"),
    ]
    for change in ("delete from ops.audit_log", "truncate ops.audit_log"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(url, change)
    assert migrate(url) == []
    ask(url, "insert into dev_ann_marts.mine default values; drop schema dev_ann_marts cascade")
    with closing(connect(bi_url(old) or "")):  # a dashboard looks on
        drop_warehouse(old)
    assert not (old.home / "postgres").exists()


def test_backup_of_the_superuser_is_restored_by_lens_owner(old: Settings, tmp_path: Path) -> None:
    saved, content = back_up(superuser_url(old), tmp_path, keep=1)
    url = warehouse_url(old)
    ask(url, "delete from raw.stores")
    assert restore(url, saved.path) == content
    assert ask(url, "select store_id from raw.stores") == [("kept",)]
    assert ask(url, NOT_OURS) == []
    assert ask(url, LOG) == [("lens_audit",)]
    assert ask(
        url, "select defaclrole::regrole::text from pg_default_acl group by 1 order by 1"
    ) == [("lens_owner",)]
