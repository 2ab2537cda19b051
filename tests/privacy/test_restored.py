"""A backup from before an erasure does not bring the person back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from loyalty_lens.cli.recovery import backup, restore
from loyalty_lens.errors import PrivacyError
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.privacy.erased import keep_list, read_list
from loyalty_lens.privacy.erasure import erase
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import drop_warehouse
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.privacy.conftest import KEY
from tests.privacy.people import ANNA, SECRETS
from tests.privacy.test_erasure import everything


def test_restore_erases_again_whom_the_list_beside_the_backups_names(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    warehouse = Warehouse(new_database(), tmp_path)
    settings = replace(
        Settings.from_environment({"LENS_HOME": str(tmp_path)}),
        database_url=warehouse.url,
        privacy_key=KEY,
    )

    def lens(command: object, *arguments: str) -> str:
        done = CliRunner().invoke(command, arguments, obj=settings, catch_exceptions=False)  # type: ignore[arg-type]
        assert done.exit_code == 0, done.output
        return done.output

    sale = {"store_id": "A", "transaction_date": "2026-01-21", "total_amount": "33"}
    warehouse.load("stores", [{"store_id": "A", "time_zone": "UTC"}])
    warehouse.load("customer_details", [ANNA, {"customer_id": "BO", "first_name": "Bo"}])
    warehouse.load(
        "store_sales_header",
        [{**sale, "transaction_id": "G", "customer_phone": "49 5550107788"}],
    )
    older = Path(lens(backup).splitlines()[0])
    warehouse.load("customer_details", [{"customer_id": "LATE", "first_name": "Late"}])
    for customer in ("ANNA", "LATE"):
        erase(warehouse.url, customer, "asked", tmp_path, pseudonyms.session(settings))
    lens(backup)
    (listed,) = older.parent.glob("*_erased.jsonl")
    assert listed.stat().st_mode & 0o777 == 0o600
    assert [set(json.loads(line)) for line in listed.read_text("utf-8").splitlines()] == [
        {"customer_id", "erased_at"}
    ] * 2
    drop_warehouse(settings)  # what the database itself knew of it is gone

    assert "2 customers who were erased since are erased again" in lens(
        restore, str(older), "--yes", "--reason", "a disk broke"
    )
    now = everything(warehouse)
    assert [secret for secret in SECRETS if secret in now] == []
    assert warehouse.rows("select customer_id, first_name from clean.customers order by 1") == [
        ("ANNA", None),
        ("BO", "Bo"),
    ]
    assert warehouse.rows("select customer_id from clean.sales") == [("ANNA",)]
    assert warehouse.rows("select customer_id from ops.erasures order by 1") == [
        ("ANNA",),
        ("LATE",),
    ]
    assert warehouse.rows("select count(*) from ops.erased_phones") == [(1,)]
    assert warehouse.rows(
        "select details from ops.audit_log where action = 'restore' order by entry_id desc limit 1"
    ) == [({"file": older.name, "erased_again": 2},)]
    # A backup that knows of the erasures has nothing to be done again.
    newer = Path(lens(backup).splitlines()[0])
    assert "erased again" not in lens(restore, str(newer), "--yes")


def test_list_that_cannot_be_read_or_written_is_told(database: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_text("{", "utf-8")
    with pytest.raises(PrivacyError, match="is damaged: it says who was erased; put it back"):
        read_list(damaged)
    warehouse = Warehouse(database, tmp_path)
    warehouse.execute(
        "insert into ops.erasures (customer_id, reason, certificate) values ('X', 'x', '{}')"
    )
    (tmp_path / "file").touch()
    with pytest.raises(PrivacyError, match="brings back who was erased: set LENS_BACKUPS"):
        keep_list(database, tmp_path / "file" / "list.jsonl")
