"""What a new file means (design sections 2 and 6), seen where marketers look: in the marts."""

from loyalty_lens.landing.unloading import unload
from loyalty_lens.pipeline.run import RunResult
from tests.integration.pipeline.worlds import World

HEADER = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"
UNDATED = "store_sales_header.csv"
NORTH = "2026-01-04/north/store_sales_header.csv"
SOUTH = "2026-01-04/south/store_sales_header.csv"
CUSTOMERS = "customer_id,first_name,city\n"


def north(*amounts: object) -> str:
    return HEADER + "".join(
        f"N{at},C2,S1,2026-01-04 10:00:00,{amount}\n" for at, amount in enumerate(amounts, 1)
    )


def sales(world: World) -> dict[str, int]:
    return dict(world.rows("select transaction_id, cast(total_amount as int) from clean.sales"))


def problems(result: RunResult) -> dict[str, str]:
    """Files that were not loaded, and what was said."""
    return {
        file["path"]: file["message"]
        for file in result.answers["land"]["files"]
        if file["outcome"] in ("failed", "stopped")
    }


def test_three_days_of_deliveries_end_as_the_contract_says(
    world: World, small_shop: dict[str, str]
) -> None:
    for name in ("stores.csv", "loyalty_rules.csv", "promotion_details.csv"):
        world.write(name, small_shop[name])

    # The first day.
    world.write("customer_details.csv", CUSTOMERS + "C1,Ann,Oslo\nC2,Bob,Rome\n")
    world.write(UNDATED, HEADER + "T1,C1,S1,2026-01-03 10:00:00,10\n")
    world.write(NORTH, north(1, 2, 3, 4, 5, "x"))
    world.write(SOUTH, HEADER + "Z1,C2,S2,2026-01-04 10:00:00,70\n")
    world.run()
    first = {"T1": 10, "N1": 1, "N2": 2, "N3": 3, "N4": 4, "N5": 5, "Z1": 70}
    assert sales(world) == first  # one file per store and day keeps all stores
    assert world.rejects() == {("store_sales_header", "bad_amount"): 1}

    # The second: undated files overwritten, a day corrected, a column gained and one lost.
    world.write("customer_details.csv", CUSTOMERS.strip() + ",Shoe Size\nC1,Ann,Bonn,38\n")
    world.write(UNDATED, HEADER + "T2,C1,S1,2026-01-04 10:00:00,20\n")
    world.write(NORTH, north(1, 2, 3, 4, 50, 60))
    world.write("products.csv", "product_name,unit_price\nTea,10\n")
    result = world.run()
    second = {**first, "T2": 20, "N5": 50, "N6": 60}
    assert sales(world) == second
    assert world.rejects() == {}
    assert world.value("select status from reject.store_sales_header") == "superseded"
    assert world.rows(
        "select cast(net_amount as int), store_id from marts.sales_daily"
        " where business_date = date '2026-01-04' order by store_id"
    ) == [(140, "S1"), (70, "S2")]
    assert world.value("select balance from marts.points_balances where customer_id = 'C2'") == 190
    assert list(problems(result)) == ["products.csv"]
    assert "required column is missing: product_id" in problems(result)["products.csv"]
    assert world.rows("select status, message from ops.load_batches where status = 'failed'") == [
        ("failed", problems(result)["products.csv"])
    ]
    assert world.value("select attributes from clean.customers where customer_id = 'C1'") == {
        "shoe_size": "38"
    }
    told = {file["path"]: file for file in result.answers["land"]["files"]}
    assert told["customer_details.csv"]["extra_columns"] == ["shoe_size"]
    assert "extra columns kept in _extra: shoe_size" in told["customer_details.csv"]["message"]

    # The third: a truncated day is stopped, and what should never have come is taken out.
    world.write("customer_details.csv", CUSTOMERS + "C1,Ann,Lyon\n")
    world.write(UNDATED, HEADER + "T3,C1,S1,2026-01-05 10:00:00,30\n")
    world.write(NORTH, north(1, 2, 3))
    world.write("products.csv", small_shop["products.csv"])
    south = world.value("select batch_id from ops.load_batches where source_file = %s", SOUTH)
    unload(world.url, south, "the till was in training mode")
    result = world.run()
    third = {**second, "T3": 30}
    del third["Z1"]
    assert sales(world) == third  # three days under one name, all kept
    assert list(problems(result)) == [NORTH]
    assert "would remove 3 of the 6 keys" in problems(result)[NORTH]
    assert world.rows(
        "select city, is_current from clean.customer_history where customer_id = 'C1'"
        " order by version_number"
    ) == [("Oslo", False), ("Bonn", False), ("Lyon", True)]
    assert world.value("select count(*) from clean.customers") == 2  # C2 is absent, not deleted
    assert world.rows("select count(*) from marts.sales_daily where store_id = 'S2'") == [(0,)]
    assert world.value("select balance from marts.points_balances where customer_id = 'C2'") == 120
    assert (
        world.rows(
            "select data_set, batch_id from ops.load_batches where status = 'validated'"
            " and rows_read <> rows_accepted + rows_rejected + rows_duplicate + rows_malformed"
        )
        == []
    )
