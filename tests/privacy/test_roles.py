"""Each role, connected as itself: what it sees, and that it sees nothing else."""

import hashlib
import hmac
import os
import re
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from loyalty_lens.privacy import pseudonyms
from loyalty_lens.privacy.rights import rights_table
from loyalty_lens.settings import PROJECT_ROOT, Settings
from loyalty_lens.warehouse.connection import connect, connected
from tests.dbt.warehouse import Warehouse
from tests.privacy.conftest import KEY
from tests.privacy.people import GUEST_PHONE, ROLES, SECRETS, People

COLUMNS = """
select nspname, relname, attname from pg_class
inner join pg_namespace on relnamespace = pg_namespace.oid
inner join pg_attribute on pg_class.oid = attrelid and attnum > 0 and not attisdropped
where relkind in ('r', 'v', 'p', 'S', 'm') and nspname !~ '^pg_' and nspname <> 'information_schema'
order by 1, 2, attnum
"""
UNPRIVILEGED = ("analyst", "marketing", "bi", "store_manager")


def keyed(value: str) -> str:
    return hmac.new(KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


def everything(people: People, role: str) -> dict[str, str]:
    """All that a role can read, as text, by relation: column by column."""
    found: dict[str, str] = defaultdict(str)
    columns = people.as_owner(COLUMNS)
    with closing(connect(people.url_of(role), autocommit=True)) as connection:
        for schema, relation, column in columns:
            query = sql.SQL("select string_agg(cast({} as text), '|') from {}").format(
                sql.Identifier(column), sql.Identifier(schema, relation)
            )
            try:
                with connection.cursor() as cursor:
                    cursor.execute(query)
                    ((text,),) = cursor.fetchall()
            except psycopg2.errors.InsufficientPrivilege:
                continue
            found[f"{schema}.{relation}"] += f"{column}: {text}\n"
    return dict(found)


@pytest.fixture(scope="module")
def seen(people: People) -> dict[str, dict[str, str]]:
    return {role: everything(people, role) for role in UNPRIVILEGED}


@pytest.mark.parametrize("role", UNPRIVILEGED)
def test_no_personal_value_is_met_in_any_column_of_any_relation(
    seen: dict[str, dict[str, str]], role: str
) -> None:
    assert len(seen[role]) >= 25
    hits = {
        (relation, secret)
        for relation, text in seen[role].items()
        for secret in (*SECRETS, GUEST_PHONE)
        if secret in text.lower()
    }
    assert hits == set()


@pytest.mark.parametrize("role", UNPRIVILEGED)
def test_only_marts_and_the_views_of_the_role_are_open(
    seen: dict[str, dict[str, str]], role: str
) -> None:
    own = {"analyst": "analyst", "store_manager": "marts"}.get(role, "marketing")
    assert {relation.split(".")[0] for relation in seen[role]} == {"marts", own}


def test_analyst_joins_by_keyed_hashes(people: People) -> None:
    rows = people.ask(
        "analyst",
        "select email, customer_phone, first_name, last_name, street, post_code, birth_date,"
        " annual_income, city from analyst.customer_details where customer_id = 'ANNA'",
    )
    assert rows == [
        (
            *map(keyed, ("annabella.q@example.com", "495550107788", "annabella", "quartermaine")),
            *map(keyed, ("fuchsbau 17", "98765qx", "1987-08-19")),
            keyed("43210.0000"),
            "Gotham",
        )
    ]
    ((phone,),) = people.ask("analyst", "select customer_phone from analyst.new_customers")
    assert phone == keyed(GUEST_PHONE)


def test_marketing_sees_ranges_and_quarters(people: People) -> None:
    for role in ("marketing", "bi"):
        rows = people.ask(
            role,
            "select cast(birth_date as text), annual_income, email, customer_phone, first_name,"
            " last_name, street, post_code, city"
            " from marketing.customer_details where customer_id = 'ANNA'",
        )
        assert rows == [("1987-07-01", "40000 to under 60000", *[None] * 6, "Gotham")]


def test_small_groups_are_not_shown_to_marketing(people: People) -> None:
    counts = "select count(*) filter (where customer_count between 1 and 9), count(*) from marts."
    for mart in ("segment_summary", "rfm_distribution", "segment_migration"):
        ((small, known),) = people.as_owner(counts + mart)
        ((shown, rest),) = people.ask("marketing", counts + mart)
        assert small > 0, mart
        assert (shown, rest) == (0, known - small), mart
        for role in ("analyst", "bi"):
            assert people.ask(role, counts + mart) == [(small, known)]
    people.as_owner("update privacy.roles set smallest_group = 10 where role_name = 'lens_bi'")
    assert people.ask("bi", counts + mart) == [(0, known - small)]
    people.as_owner("update privacy.roles set smallest_group = null where role_name = 'lens_bi'")
    assert people.ask("bi", counts + mart) == [(small, known)]


def test_explicit_permission_wins_over_the_mask(people: People) -> None:
    name = people.names["marketing"]
    query = "select email, annual_income from marketing.customer_details where customer_id = 'ANNA'"
    people.as_owner(
        f"insert into privacy.readers (role_name, kind, reason) values ('{name}', 'email', 'test')"
    )
    try:
        assert people.ask("marketing", query) == [
            ("Annabella.Q@Example.com", "40000 to under 60000")
        ]
        assert people.ask("bi", query) == [(None, "40000 to under 60000")]
    finally:
        people.as_owner("delete from privacy.readers")
    assert people.ask("marketing", query) == [(None, "40000 to under 60000")]


def test_mask_is_data_and_holds_at_once(people: People) -> None:
    query = "select customer_phone from marketing.customer_details where customer_id = 'ANNA'"
    masks = " where role_name = 'lens_marketing' and kind = 'phone'"
    people.as_owner("update privacy.masks set policy = 'hash'" + masks)
    assert people.ask("marketing", query) == [(keyed("495550107788"),)]
    people.as_owner("update privacy.masks set policy = 'hide'" + masks)
    assert people.ask("marketing", query) == [(None,)]


def test_store_manager_sees_the_stores_or_regions_given(people: People) -> None:
    name = people.names["store_manager"]
    query = "select array_agg(distinct store_id) from marts.sales_daily"
    assert people.ask("store_manager", query) == [(None,)]
    for column, value, stores in (("store_id", "A", ["A"]), ("store_region", "South", ["A", "B"])):
        people.as_owner(
            f"insert into privacy.store_access (role_name, {column}) values ('{name}', '{value}')"
        )
        assert people.ask("store_manager", query) == [(stores,)]
    people.as_owner("delete from privacy.store_access where store_id = 'A'")
    for mart in ("purchases", "store_performance", "points_ledger"):
        found = people.ask("store_manager", f"select distinct store_id from marts.{mart}")
        assert found == [("B",)]
    assert people.refusal("store_manager", "select * from marts.customer_rfm")
    people.as_owner("delete from privacy.store_access")
    for role in ("analyst", "bi"):
        assert people.ask(role, query) == [(["A", "B"],)]


@pytest.mark.parametrize("role", (*UNPRIVILEGED, "backup"))
def test_nothing_can_be_written(people: People, role: str) -> None:
    begin = "set transaction read write"
    rights = "select array_agg(relname || cast(relacl as text) order by oid) from pg_class"
    before = people.as_owner(rights)
    for relation in (
        *("marts.customer_details", "marts.sales_daily", "raw.customer_details", "ops.audit_log"),
        *("privacy.readers", "privacy.masks", "privacy.store_access", "privacy.pseudonyms"),
    ):
        for statement in (
            f"delete from {relation}",
            f"insert into {relation} default values",
            f"truncate {relation}",
            f"drop table {relation}",
            f"alter table {relation} disable row level security",
        ):
            refused = people.refusal(role, begin, "set lens.batch_id = 1", statement) or ""
            assert re.search("permission denied|must be owner", refused), (statement, refused)
        people.refusal(role, begin, f"grant select on {relation} to public")  # at times a warning
    assert people.as_owner(rights) == before
    for statement in (
        "create table public.mine (a int)",
        "create schema mine",
        "create view marts.mine as select 1",
        "create function marts.mine() returns int language sql as 'select 1'",
        "create role mine",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/x'",
        "alter role current_user superuser",
        "create extension if not exists file_fdw",
        "select pg_read_file('PG_VERSION')",
        "select * from pg_authid",
        "alter database postgres set work_mem = '1GB'",
        "select lo_import('/etc/passwd')",
    ):
        assert people.refusal(role, begin, statement), statement


def test_nobody_at_work_is_a_superuser(people: People) -> None:
    """Nor passes row policies by, nor has one of the server's own roles, as for its files."""
    rights = (
        "select rolsuper or rolbypassrls or rolreplication, array("
        "select granted.rolname::text from pg_roles as granted"
        " where granted.rolname ~ '^pg_' and pg_has_role(granted.oid, 'member'))"
        " from pg_roles where rolname = current_user"
    )
    ((is_mighty, more),) = people.as_owner(rights)
    assert not is_mighty
    # It owns its databases; on the embedded server it ends sessions before one is dropped.
    assert set(more) <= {"pg_database_owner", "pg_signal_backend"}
    for role in ROLES:
        assert people.ask(role, rights) == [(False, [])]


@pytest.mark.parametrize("role", ROLES)
def test_nobody_becomes_somebody_else(people: People, role: str) -> None:
    ((owner,),) = people.as_owner("select current_user")
    others = {f"lens_{other}" for other in ROLES if other != role}
    for other in (*others, owner, "lens_audit", "pg_read_all_data"):
        assert people.refusal(role, sql.SQL("set role {}").format(sql.Identifier(other)))
        assert people.refusal(
            role, sql.SQL("set session authorization {}").format(sql.Identifier(other))
        )


@pytest.mark.parametrize("role", UNPRIVILEGED)
def test_functions_of_the_pipeline_are_closed(people: People, role: str) -> None:
    calls: list[tuple[Any, ...]] = people.as_owner(
        "select format('select %s(%s)', pg_proc.oid::regproc, array_to_string(array_fill("
        "'null'::text, array[pronargs]), ', ')) from pg_proc where prokind = 'f' and pronargs > 0"
        " and pronamespace in ('ops'::regnamespace, 'privacy'::regnamespace)"
        " and prorettype <> 'trigger'::regtype"
    )
    assert len(calls) > 20
    for (call,) in calls:
        assert re.search(
            "permission denied|does not exist|not unique", people.refusal(role, call) or ""
        )
    for call in ("privacy.refresh_pseudonyms()", "privacy.open_all()", "privacy.make_roles()"):
        assert "permission denied" in (people.refusal(role, f"select {call}") or "")


@pytest.mark.parametrize("role", UNPRIVILEGED)
def test_errors_and_catalogs_say_nothing_of_a_person(people: People, role: str) -> None:
    schema = {"analyst": "analyst", "store_manager": "marts"}.get(role, "marketing")
    told = []
    for statement in (
        f"select 1 / (length(email) - length(email)) from {schema}.customer_details",
        f"select cast(last_name as integer) from {schema}.customer_details",
        f"select * from {schema}.customer_details where cast(street as date) > now()",
        "select cast(email as integer) from marts.customer_details",
        "explain (analyze, verbose) select * from marts.customer_details",
        "explain (verbose) select * from clean.customers where email = 'annabella'",
    ):
        told.append(people.refusal(role, statement) or "")
    for catalog in ("pg_stats", "pg_stat_activity", "pg_prepared_statements", "pg_roles"):
        told += [str(row) for row in people.ask(role, f"select * from {catalog}")]
    told += [
        str(row)
        for row in people.ask(
            role,
            "select prosrc from pg_proc union all select definition from pg_views"
            " union all select description from pg_description",
        )
    ]
    text = "\n".join(told).lower()
    # The statement that was refused is repeated in its message: that name was typed.
    assert [s for s in SECRETS if s in text.replace("email = 'annabella'", "")] == []
    assert KEY not in text
    assert KEY.encode().hex() not in text


def test_key_stays_with_the_pipeline(people: People) -> None:
    for role in UNPRIVILEGED:
        assert people.ask(role, "select current_setting('lens.privacy_key', true)") == [(None,)]
    kept = people.as_owner(
        "select count(*) from pg_proc where prosrc like '%%' || 'only tests know' || '%%'"
    )
    assert kept == [(0,)]


def test_steward_reads_everything_and_each_reading_is_noted(people: People) -> None:
    log = "select login, action, reason, details from ops.audit_log order by entry_id desc limit 1"
    name = people.names["steward"]
    plain, recorded = "trim(customer_id)", "trim(record ->> 'customer_id')"
    for relation, view, column, key in (
        ("marts.customer_details", "customer_details", "email", plain),
        ("clean.customer_history", "clean_customer_history", "last_name", plain),
        ("raw.customer_details", "raw_customer_details", "record ->> 'first_name'", recorded),
    ):
        found = people.ask(
            "steward",
            "set lens.reason = 'ticket 7'",
            f"select {column} from steward.{view} where {key} = 'ANNA'",
        )
        assert found[0][0].strip().lower().split(".")[0] in SECRETS
        assert people.as_owner(log) == [(name, "read", "ticket 7", {"relation": relation})]
        assert "permission denied" in (people.refusal("steward", f"select * from {relation}") or "")
    assert people.ask("steward", "select count(*) > 0 from marts.points_ledger") == [(True,)]


def test_reading_that_cannot_be_noted_is_refused(people: People) -> None:
    refused = people.refusal(
        "steward", "set transaction read only", "select email from steward.customer_details"
    )
    assert "read-only transaction" in (refused or "")


def test_backup_reads_every_table_of_the_warehouse(people: People, shop: Warehouse) -> None:
    tables = people.as_owner(
        "select schemaname, tablename from pg_tables where schemaname !~ '^pg_'"
        " and schemaname <> 'information_schema'"
    )
    assert len(tables) > 150
    counts = sql.SQL(" union all ").join(
        sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
        for schema, name in tables
    )
    assert people.ask("backup", counts) == people.as_owner(counts)


def test_rights_survive_a_rebuild_and_come_with_it(
    people: People, shop: Warehouse, seen: dict[str, dict[str, str]]
) -> None:
    rights = {role: set(relations) for role, relations in seen.items()}
    policies = "select tablename, policyname, qual from pg_policies order by 1, 2"
    before = people.as_owner(policies)
    shop.dbt("run", "--full-refresh", "--select", "path:models/clean", "path:models/marts")
    assert {role: set(everything(people, role)) for role in UNPRIVILEGED} == rights
    assert people.as_owner(policies) == before
    assert len(before) > 50
    test_analyst_joins_by_keyed_hashes(people)


def test_pseudonyms_are_looked_for_only_where_a_table_is_another(shop: Warehouse) -> None:
    settings = replace(Settings.from_environment({}), privacy_key=KEY)
    pseudonyms.refresh(settings, shop.url)
    one = "select value from privacy.pseudonyms order by value limit 1"
    shop.execute(f"delete from privacy.pseudonyms where value = ({one})")
    assert pseudonyms.refresh(settings, shop.url) == 0
    another = "update ops.relation_versions set version = 'another' where relation = '{}'"
    shop.execute(another.format("points_balances"))  # nothing of a person
    assert pseudonyms.refresh(settings, shop.url) == 0
    shop.execute(another.format("customer_details"))
    assert pseudonyms.refresh(settings, shop.url) == 1


def test_another_key_makes_other_pseudonyms(people: People, shop: Warehouse) -> None:
    query = "select email from analyst.customer_details where customer_id = 'ANNA'"
    settings = replace(Settings.from_environment({}), privacy_key="another key " * 9)
    pseudonyms.refresh(settings, shop.url)
    other = hmac.new(
        ("another key " * 9).encode(), b"annabella.q@example.com", hashlib.sha256
    ).hexdigest()
    assert people.ask("analyst", query) == [(other,)]
    pseudonyms.refresh(replace(settings, privacy_key=KEY), shop.url)
    assert people.ask("analyst", query) == [(keyed("annabella.q@example.com"),)]


def test_table_of_rights_in_the_docs_is_that_of_the_database(shop: Warehouse) -> None:
    """Where it is not: `lens rights` of a built warehouse prints it for docs/rights.md."""
    with connected(shop.url) as connection:
        now = rights_table(connection)
    page = (PROJECT_ROOT / "docs" / "rights.md").read_text("utf-8")
    if os.environ.get("LENS_WRITE_DOCS") == "1":
        page = page[: page.index("| object |")] + now
        (PROJECT_ROOT / "docs" / "rights.md").write_text(page, "utf-8")
    assert page[page.index("| object |") :] == now
