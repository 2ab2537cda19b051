"""Design section 5.5: a crash at any point loses nothing, and the next run heals."""

import hashlib
import os
from pathlib import Path

import pytest

from loyalty_lens.settings import PROJECT_ROOT
from tests.faults.conftest import Shop
from tests.faults.faults import DISK_FULL, Fault, fault

LONG = int(os.environ.get("LENS_FAULTS", "240"))
SOURCES = ("dags", "dbt_project/models", "dbt_project/macros", "great_expectations", "tests/faults")


def heals(shop: Shop, *cases: Fault) -> None:
    """Each command meets its fault and then does without: in the end as if nothing had been."""
    last = cases[-1].command
    wanted = shop.undisturbed(has_marts=last == "run")
    shop.reset(has_marts=last == "run")
    if cases[0].command == "validate":
        shop.site.works("ingest")
    for case in cases:
        code, said = case.strike(shop.site)
        assert "Traceback" not in said, f"{case}: {said}"
        assert code <= 0 or "lens: " in said, f"{case}: {said}"
        again = shop.site.command(case.command)
        assert again.wait() == 0, f"{case}: {again.output()}\nafter {said}"
    if last == "ingest":
        shop.site.works("validate")
    found = shop.site.state()
    differing = {
        name: (found.get(name), rows) for name, rows in wanted.items() if found.get(name) != rows
    }
    assert not differing, f"{cases}: {differing}"


def test_a_day_of_faults_heals(shop: Shop) -> None:
    full_disk = [Fault(DISK_FULL, "ingest", room=1 << 14)] if shop.site.is_mounted else []
    heals(
        shop,
        Fault("lens killed", "ingest", table="raw.store_sales_header"),
        *full_disk,
        Fault("server killed", "validate", table="ops.validation_results"),
    )


@pytest.fixture(scope="session")
def done(request: pytest.FixtureRequest) -> Path:
    """The numbers that this very code has passed: a long count goes on where it broke off."""
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".yml"):
                digest.update(path.read_bytes())
    assert request.config.cache is not None
    return Path(request.config.cache.mkdir("faults")) / f"{digest.hexdigest()[:16]}.done"


@pytest.mark.full
@pytest.mark.parametrize("number", range(LONG))
def test_what_comes_next_heals_whatever_happened(shop: Shop, done: Path, number: int) -> None:
    if done.exists() and str(number) in done.read_text().split():
        pytest.skip("done before")
    heals(shop, fault(number, with_disk=shop.site.is_mounted))
    with done.open("a") as file:
        file.write(f"{number}\n")
