"""A person is erased: nothing of them is left, no total changes, no old file brings them back."""

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2 import sql

from loyalty_lens.errors import PrivacyError, WarehouseError
from loyalty_lens.landing import ingest
from loyalty_lens.landing.arrival import Arrival
from loyalty_lens.landing.report import LandingReport
from loyalty_lens.privacy import pseudonyms
from loyalty_lens.privacy.erasure import Certificate, erase
from loyalty_lens.privacy.retention import retain
from loyalty_lens.privacy.subject_access import subject_access
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.repair import load_repairs
from loyalty_lens.warehouse.connection import connect
from tests.conftest import NewDatabase
from tests.dbt.warehouse import Warehouse
from tests.privacy.conftest import KEY
from tests.privacy.people import ANNA, SECRETS, fill

# Where a person is described, not reckoned.
DESCRIBED = {
    *("customer_details", "customer_profiles", "customer_changes"),
    *("new_customers", "possible_duplicates"),
}
ABOUT = """
select table_schema, table_name, column_name from information_schema.columns
inner join pg_class on pg_class.relname = table_name
inner join pg_namespace on relnamespace = pg_namespace.oid and nspname = table_schema
where table_schema !~ '^(pg_|information_schema|steward)' and relkind = 'r'
"""


def everything(warehouse: Warehouse) -> str:
    """Every cell of every table, in one text."""
    with closing(connect(warehouse.url)) as connection, connection.cursor() as cursor:
        cursor.execute(ABOUT)
        parts = []
        for schema, table, column in cursor.fetchall():
            cursor.execute(
                sql.SQL("select string_agg(cast({} as text), ' ') from {}").format(
                    sql.Identifier(column), sql.Identifier(schema, table)
                )
            )
            parts += [f"{schema}.{table}.{column}: {text}" for (text,) in cursor.fetchall()]
    return "\n".join(parts).lower()


class Erased:
    """The shop before and after Anna was erased."""

    def __init__(self, warehouse: Warehouse, exports: Path) -> None:
        self.warehouse, self.exports = warehouse, exports
        self.settings = replace(Settings.from_environment({}), privacy_key=KEY)
        fill(warehouse)
        warehouse.load(
            "loyalty_rules",
            [
                {
                    "rule_id": "BD",
                    "rule_group": "birthday",
                    "event": "BIRTHDAY",
                    "points_per_unit_spend": "0",
                    "min_spend_threshold": "0",
                    "bonus_points": "77",
                }
            ],
        )
        warehouse.load(
            "customer_details", [{**ANNA, "birth_date": "1987-01-15", "street": "Dachsweg"}]
        )
        sale = {"store_id": "A", "transaction_date": "2026-01-21", "total_amount": "33"}
        phone = {"customer_phone": "+49 (555) 010-7788"}
        warehouse.load("store_sales_header", [{**sale, **phone, "transaction_id": "ANNA-GUEST"}])
        warehouse.execute(
            "insert into reject.malformed_lines values"
            " (1, 9, '\"ANNA,Annabella.Q@example.com', 'no end'), (1, 10, 'other,line', 'no end');"
            " insert into reject.customer_details (_batch_id, _row_number, _loaded_at, rule_ids,"
            " errors, customer_id, email) values (1, 999, now(), '{missing_key}',"
            """ '[{"rule_id": "x", "column": "email", "message": "Annabella.Q is wrong"}]',"""
            " 'ANNA', 'Annabella.Q@example.com')"
        )
        with (exports / "list.csv").open("w", newline="", encoding="utf-8-sig") as file:
            rows = [("customer_id", "email"), ("ANNA", "annabella.q@example.com"), ("C1", "x,y")]
            csv.writer(file).writerows(rows)
        self._build()
        self.before = self.marts()
        self.was_there = everything(warehouse)
        self.changes = warehouse.rows(
            "select version_number, changed_columns, _source_file, _record_number,"
            " changed_at is null from marts.customer_changes where customer_id = 'ANNA'"
            " order by version_number"
        )
        self.access = exports / "anna.json"
        self.counts = subject_access(warehouse.url, "ANNA", self.access, "asked for")
        self.held = json.loads(self.access.read_text("utf-8"))
        self.access.unlink()
        self.session = pseudonyms.session(self.settings)
        self.certificate: Certificate = erase(
            warehouse.url, "ANNA", "asked for", exports, self.session
        )
        self._build()

    def ingest(self, folder: Path, session: dict[str, str] | None = None) -> LandingReport:
        return ingest(
            self.warehouse.url,
            folder,
            run_id="r",
            supersede_limit=Decimal("0.2"),
            arrival=Arrival(0.0, None),
            parameters=self.session if session is None else session,
        )

    def withdraw(self, count: int = 1) -> None:
        """The newest batches count no more, so that other tests find the shop as it was."""
        self.warehouse.execute(
            "update ops.load_batches set status = 'superseded' where batch_id in"
            f" (select batch_id from ops.load_batches order by batch_id desc limit {count})"
        )

    def _build(self) -> None:
        self.warehouse.build()
        pseudonyms.refresh(self.settings, self.warehouse.url)

    def marts(self) -> dict[str, list[str]]:
        return {k: v for k, v in self.warehouse.marts().items() if k not in DESCRIBED}


@pytest.fixture(scope="module")
def erased(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erased]:
    warehouse = Warehouse(new_database(), tmp_path_factory.mktemp("dbt"))
    yield Erased(warehouse, tmp_path_factory.mktemp("exports"))
    warehouse.close()


def test_nothing_of_the_person_is_left_in_any_cell(erased: Erased) -> None:
    assert [secret for secret in SECRETS if secret not in erased.was_there] == []
    now = everything(erased.warehouse)
    assert [secret for secret in (*SECRETS, "1987-01-15", "dachsweg") if secret in now] == []
    assert erased.warehouse.rows(
        "select line from reject.malformed_lines order by line_number"
    ) == [("erased",), ("other,line",)]


def test_totals_stay_what_they_were(erased: Erased) -> None:
    after = erased.marts()
    assert [mart for mart, rows in after.items() if rows != erased.before[mart]] == []
    assert any("ANNA" in row for row in after["points_ledger"])
    guest = "select customer_id, is_guest from clean.sales where transaction_id = 'ANNA-GUEST'"
    assert erased.warehouse.rows(guest) == [("ANNA", False)]
    birthdays = (
        "select count(*) from marts.points_ledger where customer_id = 'ANNA' and rule_id = 'BD'"
    )
    assert erased.warehouse.rows(birthdays) == [(1,)]


def test_a_full_build_makes_the_same(erased: Erased) -> None:
    incremental = erased.marts()
    erased.warehouse.dbt("run", "--full-refresh")
    assert erased.marts() == incremental


def test_certificate_and_audit_log_say_what_was_done(erased: Erased) -> None:
    rows = erased.certificate.as_dict()["rows_blanked"]
    assert rows["raw.customer_details"] == 2
    assert rows["reject.customer_details"] == 1
    assert erased.warehouse.rows("select customer_id, certificate from ops.erasures") == [
        ("ANNA", erased.certificate.as_dict())
    ]
    assert erased.warehouse.rows(
        "select action, reason, details ->> 'customer_id' from ops.audit_log"
        " where action in ('erase', 'subject access') order by entry_id"
    ) == [("subject access", "asked for", "ANNA"), ("erase", "asked for", "ANNA")]


def test_lists_lose_the_line_of_the_person_alone(erased: Erased) -> None:
    with (erased.exports / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["customer_id", "email"], ["C1", "x,y"]]
    assert erased.certificate.exports == ("list.csv",)


def test_subject_access_held_every_row_with_its_file(erased: Erased) -> None:
    assert [s for s in SECRETS if s not in json.dumps(erased.held).lower()] == []
    assert "+49 555 010 7788" in json.dumps(erased.held)
    tables = erased.held["tables"]
    assert len(tables["raw.customer_details"]) == 2
    assert len(tables["raw.store_sales_header (guest sales by phone)"]) == 1
    wanted = {"clean.customer_history", "marts.points_ledger", "reject.customer_details"}
    assert wanted <= set(tables)
    known = {file["batch_id"] for file in erased.held["files"]}
    assert {row["_batch_id"] for row in tables["clean.customer_history"]} <= known
    assert erased.counts["raw.customer_details"] == 2


def test_change_of_a_profile_was_traced_to_the_record_of_its_file(erased: Erased) -> None:
    assert erased.changes == [
        (1, None, "customer_details.csv", 1, True),
        (2, "street, birth_date", "customer_details.csv", 1, False),
    ]


def test_old_file_does_not_bring_the_person_back(erased: Erased, tmp_path: Path) -> None:
    columns = list(ANNA)
    lines = [columns, [ANNA[c] for c in columns], ["NEW", *["Someone"] * (len(columns) - 1)]]
    with (tmp_path / "customer_details_2025-12-01.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    report = erased.ingest(tmp_path)
    assert "1 rows of erased customers came without their personal data" in str(report.as_dict())
    batch = "(select max(batch_id) from ops.load_batches)"
    assert erased.warehouse.rows(
        f"select customer_id, email, first_name from raw.customer_details where _batch_id = {batch}"
        " order by customer_id"
    ) == [("ANNA", None, None), ("NEW", "Someone", "Someone")]
    erased.withdraw()


def test_phone_in_a_sale_of_a_guest_is_not_brought_back(erased: Erased, tmp_path: Path) -> None:
    """Neither by the file that held it, delivered again, nor by one that was never seen."""
    sale = "2026-01-21,33,A"
    lines = [
        "transaction_id,transaction_date,total_amount,store_id,customer_phone",
        f"ANNA-GUEST,{sale},+49 (555) 010-7788",
        f"NEVER-SEEN,{sale},0049 5550107788",
        f"SPELT-ALIKE,{sale},49-555-010-7788",
        f"ANOTHER,{sale},+49 555 010 7789",
        f"NONE,{sale},",
    ]
    (tmp_path / "store_sales_header_2026-01-21.csv").write_text("\n".join(lines), "utf-8")
    follows = (
        "select customer_phone from raw.store_sales_header where transaction_id = 'ANNA-GUEST'"
    )
    ((surrogate,),) = erased.warehouse.rows(follows)
    with pytest.raises(WarehouseError, match="no key for pseudonyms"):
        erased.ingest(tmp_path, session={})
    report = erased.ingest(tmp_path)
    assert "2 rows of erased customers came without" in str(report.as_dict())
    assert erased.warehouse.rows(
        "select transaction_id, customer_phone from raw.store_sales_header"
        " where _batch_id = (select max(batch_id) from ops.load_batches) order by _row_number"
    ) == [
        ("ANNA-GUEST", surrogate),
        ("NEVER-SEEN", "0049 5550107788"),  # other digits: no phone of hers, as the gate reads it
        ("SPELT-ALIKE", surrogate),
        ("ANOTHER", "+49 555 010 7789"),
        ("NONE", None),
    ]
    assert "5550107788" not in str(erased.warehouse.rows("select * from ops.erased_phones"))
    erased.withdraw()


def test_phone_that_somebody_else_has_by_now_is_theirs(erased: Erased, tmp_path: Path) -> None:
    header = "transaction_id,transaction_date,total_amount,store_id,customer_phone\n"
    own = "customer_id,customer_phone\nNEXT,495550107788\n"
    (tmp_path / "customer_details_2026-01-22.csv").write_text(own, "utf-8")
    erased.ingest(tmp_path)
    (tmp_path / "store_sales_header_2026-01-22.csv").write_text(
        header + "NEXT-1,2026-01-22,5,A,495550107788\n", "utf-8"
    )
    erased.ingest(tmp_path)
    assert erased.warehouse.rows(
        "select customer_phone from raw.store_sales_header where transaction_id = 'NEXT-1'"
    ) == [("495550107788",)]
    erased.withdraw(2)


def test_repaired_reject_does_not_bring_the_person_back(erased: Erased, tmp_path: Path) -> None:
    """A steward exported it before the erasure, and takes it in after."""
    erased.warehouse.execute(
        "insert into ops.load_batches (data_set, source_file, path_key, sha256, size_bytes,"
        " rows_read, rows_rejected, status, business_date, last_business_date)"
        " values ('customer_details', 'x.csv', 'x.csv', '', 0, 1, 1, 'validated', '2026-01-30',"
        " '2026-01-30');"
        " insert into reject.customer_details (_batch_id, _row_number, _loaded_at, rule_ids,"
        " errors, status) select max(batch_id), 1, now(), '{missing_key}', '[]', 'open'"
        " from ops.load_batches"
    )
    ((batch,),) = erased.warehouse.rows("select max(batch_id) from ops.load_batches")
    file = tmp_path / "rejects.csv"
    file.write_text(
        "_batch_id,_row_number,customer_id,email,street\n"
        f"{batch},1,ANNA,annabella.q@example.com,Fuchsbau 17\n",
        "utf-8",
    )
    report = load_repairs(erased.warehouse.url, file, "key was missing", erased.session)
    assert report.erased == 1
    assert erased.warehouse.rows(
        "select customer_id, email, street from raw.customer_details"
        " where _batch_id = (select max(batch_id) from ops.load_batches)"
    ) == [("ANNA", None, None)]
    now = everything(erased.warehouse)
    assert [secret for secret in ("annabella", "fuchsbau") if secret in now] == []
    erased.withdraw(2)


def test_nobody_is_erased_who_is_not_known(erased: Erased, tmp_path: Path) -> None:
    for act in (
        lambda: erase(
            erased.warehouse.url, "'; drop table raw.stores; --", "x", erased.exports, {}
        ),
        lambda: subject_access(erased.warehouse.url, "nobody", tmp_path / "x.json", "x"),
    ):
        with pytest.raises(PrivacyError, match="nothing is held"):
            act()


def test_retention_ends_what_was_kept_long_enough(erased: Erased) -> None:
    assert retain(erased.settings, erased.warehouse.url) == {}
    last = "select customer_id from clean.customer_history where first_name = 'Bo'"
    erased.warehouse.load(
        "customer_details",
        [{"customer_id": "OLD", "first_name": "Bo", "email": "bo@example.com"}],
        arrival=erased.warehouse.rows("select date '2025-01-01'")[0][0],
    )
    erased.warehouse.build()
    assert erased.warehouse.rows(last) == [("OLD",)]
    periods = {"customer_details": 300, "store_sales_header": 5}
    done = retain(replace(erased.settings, retention=periods), erased.warehouse.url)
    assert done == {"customer_details": 1, "store_sales_header": 1}
    erased.warehouse.build()
    assert erased.warehouse.rows(last) == []
    assert erased.warehouse.rows("select count(*) from clean.sales where customer_phone > ''") == [
        (1,)  # the surrogate
    ]
    again = replace(erased.settings, retention={"customer_details": 300})
    assert retain(again, erased.warehouse.url) == {"customer_details": 0}
