"""Airflow beside the tests, never in them: the test process would keep its settings and logging."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.warehouse.connection import connected
from tests.dags.told import Told, listening

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"

# Two stores, three products, four customers, one rule; eight sales on five days, one by a guest.
MASTERS = {
    "stores": """store_id,store_name,store_city,store_region,time_zone
S1,Harbour,Rotterdam,South,Europe/Amsterdam
S2,Station,Utrecht,Centre,Europe/Amsterdam
""",
    "products": """product_id,product_name,product_category,unit_price
P1,Tea,Drinks,4.00
P2,Cookies,Food,2.50
P3,Mug,Kitchen,9.00
""",
    "customer_details": """customer_id,first_name,last_name,total_loyalty_points,\
last_purchase_date,email,customer_phone,street,post_code
C1,Adalinde,Bakkerveld,100,2025-12-01,adalinde@post.example,+31 6 5550 1001,Vossenlaan 17,9711 QX
C2,Bo,Smit,0,,,,,
C3,Cas,Visserman,50,2025-11-15,cas.visserman@post.example,+31 6 5550 1003,Dassenpad 4,9712 QX
C4,Dee,Mulderij,0,,,,,
,Ewoud,Zwanenveld,0,,ewoud@post.example,+31 6 5550 1005,Reigerlaan 3,9713 QX
C6,Fenna,Gansewinkel,0,,fenna@post.example,+31 6 5550 1006,Otterweg 9,9714 QX,one,more
""",
    "loyalty_rules": """rule_id,rule_name,points_per_unit_spend,min_spend_threshold,bonus_points
R1,Base,1,0,0
""",
}
# Of the people in these files, in small letters: what nobody who watches the runs may meet. One row
# is rejected (no customer_id), one line malformed (two values too many).
PERSONAL = (
    *("adalinde", "bakkerveld", "visserman", "mulderij", "post.example", "vossenlaan", "dassenpad"),
    *("5550 1001", "55501001", "5550 1003", "55501003", "9711 qx", "9712 qx"),
    *("ewoud", "zwanenveld", "reigerlaan", "5550 1005", "55501005", "9713 qx"),
    *("fenna", "gansewinkel", "otterweg", "5550 1006", "55501006", "9714 qx"),
)
SALES = {  # day: (transaction, customer, store, time, [(product, quantity, amount)])
    "2026-01-05": [
        ("T1", "C1", "S1", "09:15:00", [("P1", 2, "8.00"), ("P2", 1, "2.50")]),
        ("T2", "C2", "S2", "17:40:00", [("P3", 1, "9.00")]),
    ],
    "2026-01-06": [("T3", "C1", "S2", "12:00:00", [("P2", 4, "10.00")])],
    "2026-01-07": [
        ("T4", "C3", "S1", "10:30:00", [("P3", 2, "18.00")]),
        ("T5", "", "S1", "11:00:00", [("P1", 1, "4.00")]),
    ],
    "2026-01-08": [
        ("T6", "C2", "S1", "13:20:00", [("P1", 1, "4.00"), ("P3", 1, "9.00")]),
        ("T7", "C1", "S1", "18:05:00", [("P2", 2, "5.00")]),
    ],
    "2026-01-09": [("T8", "C3", "S2", "16:45:00", [("P1", 3, "12.00")])],
}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with the masters and five days of sales, in a path with a space."""
    folder = tmp_path_factory.mktemp("landing") / "daily files"
    _write(folder / "2026-01-05", MASTERS)
    for day, sales in SALES.items():
        _write(folder / day, _files_of_day(day, sales))
    return folder


def _files_of_day(day: str, sales: list[Any]) -> dict[str, str]:
    headers = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
    lines = "line_item_id,transaction_id,product_id,quantity,line_item_amount\n"
    for transaction, customer, store, time, items in sales:
        total = sum(float(amount) for _, _, amount in items)
        headers += f"{transaction},{customer},{store},{day} {time},{total:.2f}\n"
        for number, (product, quantity, amount) in enumerate(items, start=1):
            lines += f"{number},{transaction},{product},{quantity},{amount}\n"
    return {"store_sales_header": headers, "store_sales_line_items": lines}


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)


@pytest.fixture(scope="module")
def query(database: str) -> Callable[[str], list[Any]]:
    """Rows of a query in this module's warehouse."""

    def rows(statement: str) -> list[Any]:
        with connected(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    return rows


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """What a web address was told of failures in this module."""
    with listening() as told:
        yield told


@pytest.fixture(scope="session")
def airflow_environment() -> Callable[..., dict[str, str]]:
    """The environment of an Airflow of its own: environment(home, NAME=value, ...)."""

    def environment(home: Path, **more: str) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW_", "_AIRFLOW", "LENS_", "FORCE_COLOR"))
        }
        home.mkdir(parents=True, exist_ok=True)
        return {
            **inherited,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited["PATH"]]),
            "NO_COLOR": "1",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "LENS_HOME": str(home / "lens"),
            "LENS_SETTLE_SECONDS": "0",
            **more,
        }

    return environment


@pytest.fixture(scope="session")
def run_script() -> Callable[[str, dict[str, str]], Any]:
    """Runs Python code in a process of its own; the JSON that it prints after ANSWER comes back."""

    def run(code: str, environment: dict[str, str]) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
        answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        log = (done.stdout + done.stderr)[-6000:]
        sys.stdout.write(log)  # shown by pytest where a test fails
        assert done.returncode == 0 and answers, f"exit code {done.returncode}, log ends:\n{log}"
        return json.loads(answers[-1].removeprefix("ANSWER "))

    return run
