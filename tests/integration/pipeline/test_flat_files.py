"""A shop that delivers one flat file ends where the shop with headers and lines ends."""

import csv
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

from loyalty_lens.report import figures
from seeds_generator import GeneratorOptions, generate
from tests.integration.pipeline.test_invariants import DIFFERENCES, UNACCOUNTED
from tests.integration.pipeline.worlds import MARTS, World

OPTIONS = GeneratorOptions(
    history_days=40,
    days=0,
    customers=60,
    stores=2,
    products=30,
    promotions=2,
    end=dt.date(2026, 1, 11),
    defect_rate=0.0,
)
SALES = ("clean.sales", "clean.sale_lines")
RENAMED = {"total_amount": None, "line_item_id": None, "line_item_amount": "Line amount"}


def flatten(folder: Path) -> int:
    """Puts one flat file in the place of the headers and lines below; the number of records."""
    (header_file,) = folder.rglob("store_sales_header*.csv")
    (line_file,) = folder.rglob("store_sales_line_items*.csv")
    with header_file.open(newline="") as file:
        headers = {row["transaction_id"]: row for row in csv.DictReader(file)}
    with line_file.open(newline="") as file:
        records = [
            {RENAMED.get(name, name): value for name, value in {**headers[key], **line}.items()}
            for line in csv.DictReader(file)
            if (key := line["transaction_id"])
        ]
    names = [name for name in records[0] if name]
    header_file.unlink()
    line_file.unlink()
    date = header_file.stem.rsplit("_", 1)[-1]
    with (folder / f"flat_sales_{date}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
    return len(records)


def test_headers_and_lines_flattened_give_the_same_sales_points_and_rfm(
    fresh_world: Callable[[], World], tmp_path: Path
) -> None:
    generate(OPTIONS, tmp_path / "two")
    shutil.copytree(tmp_path / "two", tmp_path / "flat")
    records = flatten(tmp_path / "flat")
    world = fresh_world()
    world.run(tmp_path / "two")
    expected = world.contents(*MARTS, *SALES)
    assert len(expected["clean.sale_lines"]) == records
    assert any("RETURN" in row or ",t," in row for row in expected["clean.sales"])
    world = fresh_world()
    world.run(tmp_path / "flat")
    assert world.contents(*MARTS, *SALES) == expected
    assert world.rejects() == {}
    assert world.rows(UNACCOUNTED) == []
    assert world.value(DIFFERENCES) == 0


def test_a_rejected_header_or_line_names_the_record_of_the_flat_file(
    world: World, small_shop: dict[str, str]
) -> None:
    del small_shop["store_sales_header.csv"], small_shop["store_sales_line_items.csv"]
    for name, text in small_shop.items():
        world.write(name, text)
    world.write(
        "flat_sales_2026-01-04.csv",
        "transaction,date,customer,store,product,quantity,amount\n"
        "T1,2026-01-04,C1,S1,P1,1,10\n"
        "T2,2026-01-04,C9,S1,P1,1,10\n"
        "T1,2026-01-04,C1,S1,P9,1,5\n"
        "T1,2026-01-04,C1,S1,P2,1,20\n"
        "T3,2026-01-04,C2,S1,P1\n"
        "T4,2026-01-04,C2,S1,P1,1,10,9,9\n",
    )
    world.run()
    for data_set, expected in {
        "store_sales_header": [(2, "T2", ["unknown_customer"]), (5, "T3", ["missing_field"])],
        "store_sales_line_items": [
            (2, "T2", ["header_rejected"]),
            (3, "T1", ["unknown_product"]),
            (5, "T3", ["header_rejected", "missing_field"]),
        ],
    }.items():
        found = world.rows(
            f"select _row_number, transaction_id, rule_ids from reject.{data_set} order by 1"
        )
        assert found == expected
    counts = (
        "select rows_read, rows_accepted, rows_rejected, rows_duplicate, rows_malformed"
        " from ops.load_batches where source_file like 'flat%' order by batch_id"
    )
    assert world.rows(counts) == [(6, 2, 3, 0, 1), (3, 1, 2, 0, 0), (5, 2, 3, 0, 0)]
    assert world.value(DIFFERENCES) == 0
    told = {row.data_set: row for row in figures.loaded(world.url).files}
    assert vars(told["flat_sales"]) == {
        "data_set": "flat_sales",
        "files": 1,
        "rows_read": 6,
        "accepted": 2,
        "rejected": 3,
        "duplicates": 0,
        "malformed": 1,
    }
    world.write("products_2.csv", "product_id\nP9\n")
    world.write("customer_details_2.csv", "customer_id\nC9\n")
    world.run()
    assert world.rows(counts) == [(6, 4, 1, 0, 1), (3, 2, 1, 0, 0), (5, 4, 1, 0, 0)]


def test_a_card_statement_alone_gives_customers_and_stores(world: World) -> None:
    world.write(
        "card_transactions_2026-01.csv",
        "customerNumber,cardLast4Digits,transactionDate,transactionTime,transactionAmount,"
        "transactionType,merchantName,merchantCity,merchantState,merchantZip\n"
        "1001,0048,2026-01-05,14:32:10,23.40,PURCHASE,Corner Bakery,Utrecht,UT,03511\n"
        "1001,0048,2026-01-07,08:02:00,5.00,PURCHASE,Corner Bakery,Utrecht,UT,03511\n"
        "1002,0937,2026-01-06,18:02:11,8.15,PURCHASE,Book House,Rotterdam,ZH,3011\n",
    )
    world.run()
    assert world.rejects() == {}
    assert world.rows(
        "select customer_id, frequency, monetary::text from marts.customer_rfm order by 1"
    ) == [("1001", 2, "28.4000"), ("1002", 1, "8.1500")]
    assert world.rows("select store_id, store_city from clean.stores order by 1") == [
        ("Book House 3011", "Rotterdam"),
        ("Corner Bakery 03511", "Utrecht"),
    ]
    assert world.value(DIFFERENCES) == 0
