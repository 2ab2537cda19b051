"""The promises of the project's files: everything described, keyed, contracted, classified."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.transform.environment import PROJECT
from tests.dbt.warehouse import Warehouse

CONTACT = {"first_name", "last_name", "email", "customer_phone", "street"}
KINDS = {
    "email": "e_?mail",
    "phone": "phone|mobile|telefon|fax",
    "name": "first_?name|last_?name|surname|full_?name|customer_name",
    "address": "street|address|post_?code|zip",
    "birth_date": "birth|dob",
    "income": "income|salary",
}
# Named like personal data, and none: a range already, and what is said of a phone.
HARMLESS = {"income_band", "is_attributed_by_phone", "is_phone_ambiguous"}
Models = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def manifest(warehouse: Warehouse) -> dict[str, Any]:
    done = warehouse.command_line("parse")
    assert done.returncode == 0, done.stdout
    path = warehouse.folder / "target" / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return manifest


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> Models:
    return {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}


def test_every_model_and_column_is_described(models: Models) -> None:
    assert [
        n for n, model in models.items() if not model["description"].startswith("One row")
    ] == []
    assert [
        f"{name}.{column['name']}"
        for name, model in models.items()
        for column in model["columns"].values()
        if not column["description"]
    ] == []


def test_every_column_that_is_built_is_described(warehouse: Warehouse, models: Models) -> None:
    warehouse.build()
    built = warehouse.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema in ('staging', 'clean', 'marts')"
    )
    seeds = {path.stem for path in (PROJECT / "seeds").glob("*.csv")}
    assert {(table, column) for table, column in built if table not in seeds} == {
        (name, column) for name, model in models.items() for column in model["columns"]
    }


def test_every_primary_key_is_tested(manifest: dict[str, Any], models: Models) -> None:
    tested: dict[str, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test" or not node.get("test_metadata"):
            continue
        arguments = node["test_metadata"]["kwargs"]
        what = tuple(arguments.get("columns", [arguments.get("column_name")]))
        model = node["attached_node"].split(".")[-1]
        tested[model][node["test_metadata"]["name"]].add(what)

    def is_keyed(name: str) -> bool:
        keys = tested[name]["unique"] | tested[name]["unique_combination"]
        return any(all((column,) in tested[name]["not_null"] for column in key) for key in keys)

    # The as-of date is one row whose only column is null while nothing is loaded.
    assert [name for name in models if name != "as_of" and not is_keyed(name)] == []


def test_keys_break_ties_by_their_bytes_in_every_locale() -> None:
    windows = [
        (path.name, clause)
        for path in sorted(PROJECT.glob("m*/**/*.sql"))
        for clause in re.findall(r"over \([^()]*order by([^()]+)\)", path.read_text("utf-8"))
    ]
    keys = [
        (name, key.strip())
        for name, clause in windows
        for key in clause.split(",")
        if re.search(r"\b[a-z]\w*_id\b", key)
    ]
    assert len(keys) >= 4
    assert [key for key in keys if not key[1].endswith('collate "C"')] == []


def test_every_mart_has_an_enforced_contract(models: Models) -> None:
    marts = [model for model in models.values() if model["schema"] == "marts"]
    assert len(marts) >= 11
    assert all(model["config"]["contract"]["enforced"] for model in marts)
    assert all(column["data_type"] for model in marts for column in model["columns"].values())


def test_every_column_of_a_mart_is_classified_by_itself(models: Models) -> None:
    assert [
        f"{name}.{column['name']}"
        for name, model in models.items()
        if model["schema"] == "marts"
        for column in model["columns"].values()
        if _classification(column) not in ("none", "personal", "contact")
    ] == []


def test_whatever_looks_like_personal_data_has_its_kind(models: Models) -> None:
    wrong = [
        (f"{name}.{column['name']}", kind)
        for name, model in models.items()
        for column in model["columns"].values()
        if column["name"] not in HARMLESS
        for kind, pattern in KINDS.items()
        if re.search(pattern, column["name"])
        and (
            column["config"]["meta"].get("kind") != kind
            or _classification(column) not in ("personal", "contact")
        )
    ]
    assert wrong == []
    assert all(
        column["config"]["meta"].get("kind") in KINDS
        for model in models.values()
        for column in model["columns"].values()
        if _classification(column) == "contact"
    )


def test_dashboards_read_the_columns_that_are_open_and_no_other(
    warehouse: Warehouse, models: Models
) -> None:
    warehouse.build()
    readable = warehouse.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts' and has_column_privilege('lens_bi',"
        " format('marts.%I', table_name), column_name, 'select')"
    )
    assert set(readable) == {
        (name, column["name"])
        for name, model in models.items()
        if model["schema"] == "marts"
        for column in model["columns"].values()
        if _classification(column) in ("none", "personal")
        and not column["config"]["meta"].get("kind")
    }


def test_a_column_that_nobody_classified_stays_closed(warehouse: Warehouse) -> None:
    warehouse.execute(
        "create table marts.made_up (a int, b int, c int, d int, e int);"
        " create table marts.told_nothing (d int);"
        """ select privacy.open_table('marts', 'made_up', '[
            {"name": "a", "classification": "none"}, {"name": "b", "classification": "personal"},
            {"name": "c", "classification": "contact"}, {"name": "d", "classification": null}
        ]');"""
        """ select privacy.open_table('marts', 'told_nothing', '[{"name": "d"}]')"""
    )
    assert warehouse.rows(
        "select relname, attname from pg_attribute inner join pg_class on attrelid = pg_class.oid"
        " where relname in ('made_up', 'told_nothing') and attnum > 0"
        " and has_column_privilege('lens_bi', attrelid, attnum, 'select') order by 1, 2"
    ) == [("made_up", "a"), ("made_up", "b")]
    warehouse.execute("drop table marts.made_up, marts.told_nothing")


def test_customers_keep_every_column_of_their_file(models: Models) -> None:
    delivered = {column.name for column in load_data_sets()["customer_details"].columns}
    assert delivered - set(models["customer_details"]["columns"]) == set()


def test_contact_data_is_classified_everywhere(models: Models) -> None:
    found = {
        (name, column["name"]): _classification(column)
        for name, model in models.items()
        for column in model["columns"].values()
        if column["name"] in CONTACT
    }
    assert len(found) >= 16
    assert set(found.values()) == {"contact"}


def _classification(column: dict[str, Any]) -> Any:
    return column["config"]["meta"].get("classification")
