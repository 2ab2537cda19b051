"""Runs say how many customers' published points they changed."""

from tests.integration.pipeline.worlds import World

HEADER = "transaction_id,customer_id,store_id,transaction_date,total_amount\n"


def changed(world: World, business_date: str | None = None) -> tuple[str | None, int]:
    """(date published before, customers changed) as the certificate of a run has it."""
    accounts = world.run(business_date=business_date).answers["publish"]["accounts"]
    return accounts["up_to"], accounts["customers_changed"]


def test_only_days_already_published_count_as_changed(
    world: World, small_shop: dict[str, str]
) -> None:
    for name, text in small_shop.items():
        world.write(name, text)
    assert changed(world) == (None, 0)

    # The next day as it should come: nobody's past changes.
    day = "C1,S1,2026-01-05 10:00:00,30\n"
    world.write("2026-01-05/store_sales_header.csv", f"{HEADER}N1,{day}")
    assert changed(world) == ("2026-01-04", 0)

    # A late sale of one customer, and a first one of another, of a day long published.
    late = "L1,C2,S1,2026-01-02 10:00:00,30\nL2,C4,S1,2026-01-02 10:00:00,30\n"
    world.write("2026-01-02/store_sales_header.csv", HEADER + late)
    assert changed(world) == ("2026-01-05", 2)

    # The past is shown, not published; what comes late meanwhile is told by the next run of today.
    world.write("2026-01-03/store_sales_header.csv", f"{HEADER}L3,C3,S1,2026-01-03 10:00:00,30\n")
    assert changed(world, "2026-01-04") == ("2026-01-05", 0)
    assert changed(world) == ("2026-01-05", 1)
