"""What came through late stands in the marts as if it had come in time."""

import datetime as dt
from pathlib import Path

from loyalty_lens.stewardship.exporting import export
from loyalty_lens.stewardship.repair import load_repairs
from loyalty_lens.stewardship.selection import Selection, named_data_set
from tests.integration.pipeline.worlds import World

HEADER, LINES = "store_sales_header.csv", "store_sales_line_items.csv"
DAY = dt.date(2026, 1, 3)


def test_an_unknown_product_and_a_repaired_header_count_on_the_day_of_their_sale(
    world: World, small_shop: dict[str, str], tmp_path: Path
) -> None:
    small_shop["loyalty_rules.csv"] = (
        "rule_id,points_per_unit_spend,min_spend_threshold,bonus_points,rule_group,product_category\n"
        "1,1,0,0,base,\n3,2,0,0,garden,Garden\n"
    )
    small_shop[LINES] = small_shop[LINES].replace("1,T3,P3,,1,50", "1,T3,P3,,1,20\n2,T3,P9,,1,30")
    small_shop[HEADER] += "T7,C3,S1,2026-01-03 15:00:00,4O\n"
    small_shop[LINES] += "1,T7,P2,,2,40\n"
    for name, text in small_shop.items():
        world.write(f"2026-01-04/{name}", text)
    world.run()
    assert world.rejects() == {
        ("store_sales_header", "bad_amount"): 1,
        ("store_sales_line_items", "header_rejected"): 1,
        ("store_sales_line_items", "unknown_product"): 1,
    }
    net = "select net_amount from marts.sales_daily where business_date = %s and store_id = 'S1'"
    assert world.value(net, DAY) == 60

    file = tmp_path / "fix.csv"
    headers = Selection(named_data_set("store_sales_header"))
    assert export(world.url, headers, file, "to be repaired") == 1
    file.write_text(file.read_text(encoding="utf-8").replace("4O", "40"), encoding="utf-8")
    load_repairs(world.url, file, "letter for digit")
    world.write(
        "2026-01-05/products.csv",
        "product_id,product_name,product_category,unit_price\nP9,Spade,Garden,30\n",
    )
    world.run()
    assert world.rejects() == {}
    assert world.value(net, DAY) == 100
    assert world.rows(
        "select product_category, line_amount, business_date from clean.sale_lines"
        " where product_id = 'P9'"
    ) == [("Garden", 30, DAY)]
    assert world.rows(
        "select transaction_id, rule_id, points, business_date from marts.points_ledger"
        " where transaction_id in ('T3', 'T7') order by 1, 2"
    ) == [("T3", "1", 50, DAY), ("T3", "3", 60, DAY), ("T7", "1", 40, DAY)]
    assert world.rows("select status from reject.store_sales_line_items") == [("replayed",)] * 2
    assert world.rows("select status from reject.store_sales_header") == [("superseded",)]
    assert (
        world.rows(
            "select data_set, batch_id from marts.layer_reconciliation"
            " where rows_difference <> 0 or clean_difference <> 0 or amount_difference <> 0"
        )
        == []
    )
