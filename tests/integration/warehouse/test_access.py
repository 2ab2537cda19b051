"""What `warehouse_url` makes ready, on a server of one's own and embedded."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg2 import errors

from loyalty_lens.errors import WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse import access, formats
from loyalty_lens.warehouse.access import (
    bi_url,
    connection_settings,
    drop_warehouse,
    running_url,
    server_status,
    stop_server,
    warehouse_url,
)
from loyalty_lens.warehouse.connection import connected, with_database
from loyalty_lens.warehouse.migrate import migrate

GUEST, GUEST_PASSWORD = "lens_test_guest", "guest/@:? password"


def ask(url: str, question: str) -> object:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
        return row[0] if row else None


@pytest.fixture
def guest(server, settings) -> Iterator[Settings]:
    """A user without rights, and an empty database that he may only connect to."""
    server.execute(f"create role {GUEST} login password '{GUEST_PASSWORD}'")
    server.execute("create database lens_test_empty")
    url = formats.with_user(server.url("lens_test_empty"), GUEST, GUEST_PASSWORD)
    try:
        yield replace(settings, database_url=url)
    finally:
        server.execute("drop database lens_test_empty")
        server.execute(f"drop role {GUEST}")


@pytest.fixture
def embedded(home, settings) -> Settings:
    return replace(settings, home=home, database_url=None, bi_password=None)


def test_own_server_gives_the_url_as_it_is_and_lets_lens_bi_in(settings) -> None:
    assert warehouse_url(settings) == running_url(settings) == settings.database_url
    assert ask(bi_url(settings) or "", "select current_user") == "lens_bi"


def test_changed_password_of_lens_bi_is_set(settings) -> None:
    changed = replace(settings, bi_password="another: /@")
    assert ask(bi_url(changed) or "", "select current_user") == "lens_bi"
    warehouse_url(settings)


def test_lens_bi_without_password_has_no_url_on_an_own_server(settings) -> None:
    assert bi_url(replace(settings, bi_password=None)) is None


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("create table marts.mine ()", errors.ReadOnlySqlTransaction),
        ("set transaction read write; create table marts.x ()", errors.InsufficientPrivilege),
        ("create temporary table mine ()", errors.ReadOnlySqlTransaction),
        ("set transaction read write; create table public.mine ()", errors.InsufficientPrivilege),
        ("set transaction read write; create schema mine", errors.InsufficientPrivilege),
        ("select * from raw.sales", errors.InsufficientPrivilege),
        ("select * from reject.sales", errors.InsufficientPrivilege),
        ("select * from accepted.sales", errors.InsufficientPrivilege),
        ("select * from ops.load_batches", errors.InsufficientPrivilege),
        ("set role lens", errors.InsufficientPrivilege),
        ("copy (select 1) to program 'true'", errors.InsufficientPrivilege),
    ],
)
def test_lens_bi_cannot_write_nor_read_anything_but_marts(settings, statement, refusal) -> None:
    with pytest.raises(refusal):
        ask(bi_url(settings) or "", statement)


def test_demo_on_an_own_server_is_a_database_of_its_own(settings, server) -> None:
    demo = replace(settings, demo=True)
    try:
        assert warehouse_url(demo) == f"{settings.database_url}_demo"
        assert ask(warehouse_url(demo), "select count(*) from ops.migrations") != 0
        drop_warehouse(demo)
        assert not server_status(demo).is_running
        assert server_status(settings).is_running
    finally:
        drop_warehouse(demo)


def test_demo_that_may_not_be_made_is_one_line(guest) -> None:
    with pytest.raises(
        WarehouseError, match="may not create the database lens_test_empty_demo; create it"
    ) as caught:
        warehouse_url(replace(guest, demo=True))
    assert_clean(caught.value)


def test_user_who_may_not_create_schemas_is_told_in_one_line(guest) -> None:
    with pytest.raises(WarehouseError, match=r"may not set up the warehouse .*grant create") as no:
        warehouse_url(guest)
    assert_clean(no.value)


def test_user_who_may_not_look_at_the_warehouse_is_told_in_one_line(guest, settings) -> None:
    url = formats.with_user(settings.database_url, GUEST, GUEST_PASSWORD)
    with pytest.raises(WarehouseError, match="permission denied") as caught:
        warehouse_url(replace(settings, database_url=url))
    assert_clean(caught.value)


def test_wrong_password_and_missing_database_are_told_without_the_password(guest) -> None:
    wrong = formats.with_user(guest.database_url, GUEST, "mistaken word")
    with pytest.raises(WarehouseError, match="user or password is wrong") as caught:
        warehouse_url(replace(guest, database_url=wrong))
    assert_clean(caught.value)
    missing = with_database(guest.database_url, "no such database")
    with pytest.raises(WarehouseError, match="the database does not exist; create it") as caught:
        warehouse_url(replace(guest, database_url=missing))
    assert_clean(caught.value)


def assert_clean(error: Exception) -> None:
    assert "\n" not in str(error)
    assert not any(word in str(error) for word in ("guest/", "guest%2F", "password'", "mistaken"))


def test_migration_is_idempotent_and_quick_to_check(new_database, settings, monkeypatch) -> None:
    url = new_database()
    assert migrate(url) == []
    monkeypatch.setattr(access, "migrate", lambda _: pytest.fail("nothing was missing"))
    warehouse_url(replace(settings, database_url=url))


def test_column_and_migration_that_are_missing_are_added(new_database, settings) -> None:
    url = new_database()
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop view accepted.stores; alter table raw.stores drop column store_region")
        cursor.execute("alter table reject.stores drop column store_region")
    warehouse_url(replace(settings, database_url=url))
    assert ask(url, "select count(store_region) from accepted.stores") == 0


def test_edited_migration_is_refused(new_database, settings) -> None:
    url = new_database()
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.migrations set sha256 = 'x' where name = '0001_schemas.sql'")
    for action in (
        lambda: migrate(url),
        lambda: warehouse_url(replace(settings, database_url=url)),
    ):
        with pytest.raises(
            WarehouseError, match=r"0001_schemas\.sql was applied and has been edit"
        ):
            action()


def test_reset_of_an_own_server_takes_our_schemas_alone(new_database, settings) -> None:
    own = replace(settings, database_url=new_database())
    with connected(own.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("create schema theirs; create table theirs.kept ()")
    drop_warehouse(own)
    left = "select string_agg(nspname, ',') from pg_namespace where nspname !~ '^pg_|^info'"
    assert set(str(ask(own.database_url, left)).split(",")) == {"public", "theirs"}
    assert warehouse_url(own) == own.database_url


def test_embedded_server_comes_back_with_every_command(embedded) -> None:
    assert server_status(embedded).is_running is False
    with pytest.raises(WarehouseError, match="is down: lens start brings it back"):
        running_url(embedded)
    url = warehouse_url(embedded)
    assert running_url(embedded) == url
    assert ask(bi_url(embedded) or "", "select current_user") == "lens_bi"
    assert connection_settings(embedded)["PGDATABASE"] == "loyalty_lens"
    status = server_status(embedded)
    assert (status.is_embedded, status.is_running) == (True, True)
    assert status.message.startswith("PostgreSQL 18")
    assert stop_server(embedded) is True
    assert stop_server(embedded) is False
    assert warehouse_url(embedded) == url
    assert ask(url, "select count(*) from ops.migrations") != 0


def test_embedded_warehouse_of_an_older_release_is_completed(embedded) -> None:
    url = warehouse_url(embedded)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop view accepted.stores; alter table raw.stores drop column store_region")
        cursor.execute("alter table reject.stores drop column store_region")
    warehouse_url(embedded)
    assert ask(url, "select count(store_region) from accepted.stores") == 0
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("alter role lens_bi nologin")
    assert ask(bi_url(embedded) or "", "select current_user") == "lens_bi"


def test_reset_of_the_demo_spares_the_warehouse_and_the_last_one_takes_the_server(embedded) -> None:
    demo = replace(embedded, demo=True)
    assert warehouse_url(demo) != warehouse_url(embedded)
    drop_warehouse(demo)
    assert server_status(embedded).is_running
    assert not server_status(demo).is_running
    drop_warehouse(embedded)
    assert not (embedded.home / "postgres").exists()
    drop_warehouse(embedded)


def test_reset_helps_where_the_server_cannot_start(embedded) -> None:
    warehouse_url(embedded)
    stop_server(embedded)
    (embedded.home / "postgres" / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(WarehouseError, match="was made by PostgreSQL 12"):
        warehouse_url(embedded)
    with pytest.raises(WarehouseError, match="was made by PostgreSQL 12"):
        drop_warehouse(replace(embedded, demo=True))
    drop_warehouse(embedded)
    warehouse_url(embedded)
