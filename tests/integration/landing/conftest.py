"""A landing folder and an empty warehouse for each test; one database for each module."""

import gzip
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.landing import FileReport, LandingReport, ingest
from loyalty_lens.warehouse.connection import connect

EMPTY = """
do $$
declare name text;
begin
    -- The audit log is another's, and only added to: a test lets itself in.
    execute format('grant lens_audit to %I with inherit true', current_user);
    for name in
        select format('%I.%I', schemaname, tablename) from pg_tables
        where
            schemaname in ('raw', 'reject', 'ops') and tablename <> 'migrations'
            -- Batches are numbered from 1 again: nothing may be remembered of earlier ones.
            or schemaname = 'judge' and tablename like 'known\\_%' and tablename <> 'known_tables'
    loop
        execute 'truncate ' || name || ' restart identity cascade';
    end loop;
    execute format('revoke lens_audit from %I', current_user);
end $$
"""


@dataclass
class Shop:
    """A landing folder with the warehouse that it is loaded into."""

    url: str
    landing: Path
    limit: Decimal = field(default=Decimal("0.20"))

    def put(self, path: str, content: str | bytes) -> Path:
        location = self.landing / path
        location.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        location.write_bytes(gzip.compress(data) if path.lower().endswith(".gz") else data)
        return location

    def ingest(self, **options: Any) -> LandingReport:
        return ingest(self.url, self.landing, supersede_limit=self.limit, **options)

    def load(self, path: str, content: str | bytes, **options: Any) -> FileReport:
        """Puts one file there, ingests, and returns its report."""
        self.put(path, content)
        return next(file for file in self.ingest(**options).files if file.path == path)

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: object) -> Any:
        return self.rows(statement, *values)[0][0]

    @staticmethod
    def headers(*ids: str, amount: int = 1, original: str = "") -> str:
        """A file of sales headers."""
        names = "transaction_id,store_id,transaction_date,total_amount,original_transaction_id\n"
        return names + "".join(f"{key},S1,2026-01-05,{amount},{original}\n" for key in ids)

    @staticmethod
    def lines(*ids: str) -> str:
        """A file of sales lines, one for each transaction."""
        names = "line_item_id,transaction_id,product_id,quantity,line_item_amount\n"
        return names + "".join(f"{at},{key},P1,1,1\n" for at, key in enumerate(ids))

    def statuses(self) -> dict[int, str]:
        return dict(self.rows("select batch_id, status from ops.load_batches order by batch_id"))


@pytest.fixture(scope="module")
def landing_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def shop(landing_url: str, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(landing_url, tmp_path / "landing")
    shop.landing.mkdir()
    shop.rows(EMPTY)
    yield shop


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the product has warned of so far, whatever level another library has set the log to."""

    def messages() -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.WARNING and record.name.startswith("loyalty_lens")
        ]

    return messages
