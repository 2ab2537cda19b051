"""What comes from outside is data: never SQL, never a path, never a formula, never a bomb."""

import csv
import gzip
import hashlib
import logging
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from loyalty_lens.errors import PrivacyError, WarehouseError
from loyalty_lens.landing import content, ingest
from loyalty_lens.landing.arrival import Arrival
from loyalty_lens.landing.report import LandingReport
from loyalty_lens.pipeline import steps
from loyalty_lens.pipeline.business_date import RequestedDate
from loyalty_lens.privacy.erasure import erase
from loyalty_lens.settings import Settings
from loyalty_lens.transform.environment import dbt_environment
from loyalty_lens.warehouse.connection import connect, connected
from tests.conftest import Server
from tests.dbt.warehouse import Warehouse
from tests.privacy.people import ANNA, SECRETS, People
from tests.secret_scan import ROOT, known, scan, tracked

HOSTILE = (
    "x'; drop schema raw cascade; --",
    'x"; drop schema raw cascade; --',
    "x); truncate ops.load_batches; --",
    "$$; drop schema marts; $$",
    "{{ 1/0 }} {% raw %}",
    "%s %(a)s %",
    "\\'; select 1",
)
SCHEMAS = "select count(*) from pg_namespace where nspname in ('raw', 'reject', 'ops', 'marts')"


def _land(url: str, landing: Path) -> LandingReport:
    return ingest(
        url, landing, run_id="r", supersede_limit=Decimal("0.2"), arrival=Arrival(0.0, None)
    )


def test_hostile_names_of_files_columns_and_ids_are_data(shop: Warehouse, tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        name = text.replace("/", "").replace("\\", "")
        with (tmp_path / f"customer_details {name} {number}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [["customer_id", "first_name", text], [text, text, text], [f"H{number}", "x", "y"]]
            )
    report = _land(shop.url, tmp_path).as_dict()
    assert [file["outcome"] for file in report["files"]] == ["loaded"] * len(HOSTILE)
    assert shop.rows(
        "select customer_id from raw.customer_details where first_name = customer_id"
        " and _extra is not null order by _batch_id"
    ) == [(text,) for _, text in sorted(enumerate(HOSTILE), key=lambda pair: _order(*pair))]
    assert shop.rows(SCHEMAS) == [(4,)]
    shop.execute("update ops.load_batches set status = 'validated' where status = 'loaded'")


def _order(number: int, text: str) -> str:
    name = text.replace("/", "").replace("\\", "")
    return f"customer_details {name} {number}.csv"


def test_hostile_rules_and_segments_go_through_the_build(shop: Warehouse) -> None:
    for number, text in enumerate(HOSTILE):
        rule = {"points_per_unit_spend": "1", "min_spend_threshold": "0", "bonus_points": "0"}
        shop.load(
            "loyalty_rules",
            [{**rule, "rule_id": f"{text}{number}", "rule_name": text, "rule_group": text}],
        )
        shop.load("products", [{"product_id": text, "product_name": text}])
    shop.build()
    shop.execute(
        "update clean.value_engagement_segments set value_segment = value_segment"
        " || $h$ '; drop schema marts cascade; --$h$, strategy = $h$'); select 1/0; --$h$"
    )
    shop.dbt("run", "--select", "path:models/marts")
    ((segment,),) = shop.rows("select max(value_segment) from marts.customer_rfm")
    assert segment.endswith("'; drop schema marts cascade; --")
    assert shop.rows("select count(distinct rule_name) from clean.loyalty_rules") != [(0,)]
    assert shop.rows(SCHEMAS) == [(4,)]
    with pytest.raises(PrivacyError, match="nothing is held"):
        erase(shop.url, "'; drop schema raw cascade; --", "x", Path("nowhere"), {})
    shop.dbt("seed", "--select", "value_engagement_segments")
    shop.build()


def test_a_link_out_of_the_landing_folder_is_refused(shop: Warehouse, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    secret = tmp_path / "stores_secret.csv"
    secret.write_text("store_id\nSECRET\n")
    (landing / "stores.csv").symlink_to(secret)
    (landing / "stores_up.csv").symlink_to(Path("../stores_secret.csv"))
    report = _land(shop.url, landing).as_dict()
    assert report["files_with_problems"] == 2
    assert "out of the landing folder" in str(report)
    assert shop.rows("select count(*) from raw.stores where store_id = 'SECRET'") == [(0,)]


def test_a_file_that_unpacks_without_end_is_refused(
    shop: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "UNPACKED_FREELY", 1 << 20)
    with gzip.open(tmp_path / "stores_bomb.csv.gz", "wb") as bomb:
        bomb.write(b"store_id\n" + b"A\n" * (16 << 20))
    with gzip.open(tmp_path / "stores_small.csv.gz", "wb") as small:
        small.write(b"store_id\nGZ\n" * 3)
    report = _land(shop.url, tmp_path).as_dict()
    outcomes = {file["path"]: file for file in report["files"]}
    assert outcomes["stores_bomb.csv.gz"]["outcome"] == "failed"
    assert "times its size" in outcomes["stores_bomb.csv.gz"]["message"]
    assert outcomes["stores_small.csv.gz"]["outcome"] == "loaded"
    shop.execute("update ops.load_batches set status = 'superseded' where status = 'loaded'")


def test_formulas_in_lists_are_texts(people: People) -> None:
    for cell in ("=1+1", "+A1", "-A1+2", "@a"):
        assert people.as_owner(f"select ops.to_spreadsheet(e'{cell}')")[0][0].startswith("'")


def test_tls_settings_of_the_url_reach_dbt_and_are_insisted_on(people: People) -> None:
    url = "postgresql://u:p@db.example:5432/d?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    environment = dbt_environment(Settings.from_environment({}), url)
    assert environment["LENS_PG_SSLMODE"] == "verify-full"
    assert environment["LENS_PG_SSLROOTCERT"] == "/etc/ca.pem"
    profiles = (ROOT / "dbt_project" / "profiles.yml").read_text("utf-8")
    assert "LENS_PG_SSLMODE" in profiles
    assert "LENS_PG_SSLROOTCERT" in profiles
    # The embedded build has no TLS: who asks for it is refused, and not served without.
    with pytest.raises(WarehouseError, match="SSL"):
        connect(people.url + "?sslmode=require").close()


def test_passwords_are_kept_as_scram(people: People, server: Server) -> None:
    with connected(server.admin_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(*) filter (where rolpassword like 'SCRAM-SHA-256$%%')"
            " from pg_authid where rolname = any(%s)",
            (list(people.names.values()),),
        )
        assert cursor.fetchall() == [(6, 6)]


def test_no_password_is_in_the_list_of_processes(people: People) -> None:
    password = people.url.split(":")[2].split("@")[0]
    shown = []
    for process in psutil.process_iter():
        try:
            shown.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    assert len(shown) > 3
    assert [line for line in shown if password in line] == []


def test_a_secret_in_the_repository_is_found(tmp_path: Path) -> None:
    key = "AKIA" + hashlib.sha256(os.urandom(8)).hexdigest()[:16].upper()
    planted = tmp_path / "settings.py"
    planted.write_text(f'aws_access_key_id = "{key}"\n')
    found = scan([planted], tmp_path)
    assert {kind for _, kind, _ in found} >= {"AWS Access Key"}
    assert not set(found) & known()
    assert len(tracked()) > 300


def test_logs_messages_and_answers_of_steps_say_nothing_of_a_person(
    shop: Warehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What steps return is what Airflow keeps as XCom; what they log is in its logs."""
    columns = list(ANNA)
    with (tmp_path / "customer_details_2026-02-01.csv").open("w", newline="") as file:
        bad = [ANNA[c] if c != "customer_id" else "" for c in columns]
        worse = [ANNA[c] if c != "birth_date" else "Quartermaine" for c in columns]
        csv.writer(file).writerows([columns, bad, worse, [*worse, "too", "long"]])
    settings = replace(
        Settings.from_environment({"LENS_HOME": str(tmp_path), "LENS_SETTLE_SECONDS": "0"}),
        database_url=shop.url,
        landing=tmp_path,
        landing_url=None,
    )
    caplog.set_level(logging.DEBUG)
    run_id = steps.open_run(settings, requested=RequestedDate(None, is_explicit=False))
    told = [steps.land(settings, run_id), steps.validate(settings, run_id)]
    assert shop.rows("select count(*) from reject.customer_details where email > ''") == [(1,)]
    told += shop.rows("select cast(row(b.*) as text) from ops.load_batches as b")
    told += shop.rows("select cast(row(v.*) as text) from ops.validation_results as v")
    text = (str(told) + caplog.text).lower()
    assert [secret for secret in SECRETS if secret in text] == []
