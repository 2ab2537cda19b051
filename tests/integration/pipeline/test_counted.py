"""What a certificate takes over from an earlier run, and what it counts anew (decision 0047)."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from psycopg2 import sql

from loyalty_lens.errors import QualityError
from loyalty_lens.pipeline.certificate import certify, count_again
from loyalty_lens.pipeline.counted import counted
from loyalty_lens.warehouse.connection import connect
from tests.conftest import NewDatabase
from tests.integration.pipeline.worlds import World

TOTAL = sql.SQL("select to_jsonb(sum(amount)) from clean.takings")
Ask = Callable[[], tuple[object, bool]]


class Takings:
    """A table of three rows that dbt would have made, and other sessions that change it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.execute(
            "create table clean.takings (amount integer);"
            " insert into clean.takings values (1), (2), (3);"
            " insert into ops.relation_versions (relation, version) values ('takings', 'first')"
        )

    def execute(self, statement: str) -> None:
        """In a session of its own, which has told the server what it wrote when it ends."""
        with closing(connect(self.url, autocommit=True)) as connection:
            connection.cursor().execute(statement)

    def total(self) -> tuple[object, bool]:
        """The sum, and whether it was counted just now."""
        with closing(connect(self.url)) as connection, connection:
            return counted(connection, "clean.takings", TOTAL)


@pytest.fixture
def takings(new_database: NewDatabase) -> Iterator[Takings]:
    yield Takings(new_database())


def test_what_was_counted_is_kept_while_the_rows_stand(takings: Takings) -> None:
    assert takings.total() == (6, True)
    assert takings.total() == (6, False)
    takings.execute("analyze clean.takings")
    takings.execute("vacuum clean.takings")
    assert takings.total() == (6, False)


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ("insert into clean.takings values (4)", 10),
        ("update clean.takings set amount = 7 where amount = 1", 12),
        ("delete from clean.takings where amount = 3", 3),
        ("truncate clean.takings", None),
        ("drop table clean.takings; create table clean.takings as select 9 as amount", 9),
        ("update ops.relation_versions set version = 'second' where relation = 'takings'", 6),
        ("delete from ops.relation_versions where relation = 'takings'", 6),
    ],
)
def test_after_any_change_it_is_counted_anew(
    takings: Takings, change: str, total: int | None
) -> None:
    takings.total()
    takings.execute(change)
    assert takings.total() == (total, True)


def test_where_nobody_knows_it_is_counted_each_time(takings: Takings) -> None:
    takings.execute("delete from ops.relation_versions where relation = 'takings'")
    assert takings.total() == (6, True)
    assert takings.total() == (6, True)


def test_a_run_with_nothing_new_says_the_same_and_reads_no_table_of_sales(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(name, text)
    first = world.run().answers["publish"]
    written = world.rows("select xmin, * from ops.accounts order by customer_id")
    again = world.run().answers["publish"]

    assert first["counted_before"] == []
    assert {"clean.sales", "clean.sale_lines", "marts.points_ledger"} <= set(
        again["counted_before"]
    )
    assert again["amounts"] == first["amounts"]
    assert again["hashes"] == first["hashes"]
    assert world.rows("select xmin, * from ops.accounts order by customer_id") == written

    world.write(
        "2026-01-05/store_sales_header.csv",
        "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
        "N1,C1,S1,2026-01-05 10:00:00,30\n",
    )
    day = world.run().answers["publish"]
    assert "clean.sales" not in day["counted_before"]
    assert day["amounts"]["sales_amount"] == first["amounts"]["sales_amount"] + 30


def test_rows_changed_by_hand_are_noticed_though_nothing_came(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(name, text)
    done = world.run()
    first = done.answers["publish"]
    assert set(count_again(world.url)) > {"clean.sales", "marts.points_balances"}

    world.rows("update clean.sales set total_amount = total_amount + 1 returning 1")
    changed = certify(world.url, done.run_id, world.settings)
    assert "clean.sales" not in changed["counted_before"]
    assert changed["amounts"]["sales_amount"] > first["amounts"]["sales_amount"]

    world.rows("update marts.points_ledger set points = points + 1 returning 1")
    with pytest.raises(QualityError, match="points: the ledger sums to"):
        certify(world.url, done.run_id, world.settings)


def test_the_full_check_tells_what_nobody_saw_change(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(name, text)
    world.run()
    world.rows(
        "update ops.counted_tables set value = '1' where relation = 'clean.sales' returning 1"
    )
    for _ in range(2):
        with pytest.raises(QualityError, match=r"^clean\.sales: 1 was counted and 300"):
            count_again(world.url)
