"""A shop with people in it, and somebody to connect as for each role."""

import datetime as dt
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql

from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.formats import with_user
from tests.dbt.histories import random_history
from tests.dbt.warehouse import Warehouse

ROLES = ("analyst", "marketing", "bi", "store_manager", "steward", "backup")
ANNA: dict[str, object] = {
    "customer_id": "ANNA",
    "first_name": "Annabella",
    "last_name": "Quartermaine",
    "email": " Annabella.Q@Example.com ",
    "customer_phone": "+49 555 010 7788",
    "street": "Fuchsbau 17",
    "post_code": "98765qx",
    "city": "Gotham",
    "birth_date": "1987-08-19",
    "annual_income": "43210",
}
# What nobody may meet who may not read it, in any spelling.
SECRETS = (
    *("annabella", "quartermaine", "fuchsbau", "5550107788", "1987-08-19"),
    *("43210", "98765qx"),
)
GUEST_PHONE = "4995550101"


def fill(warehouse: Warehouse) -> None:
    """Two stores in two regions, forty customers and Anna, who bought in both."""
    history = random_history(7, 60)
    history.load(warehouse)
    warehouse.load(
        "stores",
        [
            {"store_id": "A", "store_region": "North", "time_zone": "Asia/Kolkata"},
            {"store_id": "B", "store_region": "South", "time_zone": "Asia/Kolkata"},
        ],
        arrival=dt.date(2026, 1, 30),
    )
    warehouse.load("customer_details", [ANNA], arrival=dt.date(2025, 11, 1))
    sale = {"transaction_date": "2026-01-20 12:00", "total_amount": "75.50"}
    warehouse.load(
        "store_sales_header",
        [
            {**sale, "transaction_id": "ANNA-1", "customer_id": "ANNA", "store_id": "A"},
            {**sale, "transaction_id": "ANNA-2", "customer_id": "ANNA", "store_id": "B"},
            {**sale, "transaction_id": "G-1", "store_id": "A", "customer_phone": GUEST_PHONE},
        ],
    )


@dataclass
class People:
    """One login per role of the warehouse, made by its owner and dropped at the end."""

    url: str
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mark = uuid.uuid4().hex[:8]
        self.names = {role: f"test_{role}_{mark}" for role in ROLES}
        for role, name in self.names.items():
            self.as_owner(
                sql.SQL("create role {} login password 'only-for-tests' in role {}").format(
                    sql.Identifier(name), sql.Identifier(f"lens_{role}")
                )
            )

    def as_owner(self, statement: "str | sql.Composable") -> list[tuple[Any, ...]]:
        """Rows of a statement of the pipeline, committed."""
        with closing(connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url_of(self, role: str) -> str:
        """How somebody of the role connects."""
        return with_user(self.url, self.names[role], "only-for-tests")

    def ask(self, role: str, *statements: "str | sql.Composable") -> list[tuple[Any, ...]]:
        """Connects as somebody of the role; rows of the last statement, all committed."""
        with (
            closing(connect(self.url_of(role))) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def refusal(self, role: str, *statements: "str | sql.Composable") -> str | None:
        """Why the server refuses it; None where it does not."""
        try:
            self.ask(role, *statements)
        except psycopg2.Error as error:
            return str(error)
        return None

    def leave(self) -> None:
        """Takes the logins away."""
        for name in self.names.values():
            # Whoever made a role lets itself in; nobody is in it without that.
            self.as_owner(
                sql.SQL("grant {0} to current_user; drop owned by {0}; drop role {0}").format(
                    sql.Identifier(name)
                )
            )
