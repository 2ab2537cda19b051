"""Semantics section 11 in plain Python finds every outlier in the files, and little else."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import mean, median

from tests.unit.generator.conftest import LINES, SHOP, Known, day

FENCE, LEAST, MONTHS = 3.5, 30, 3


def test_every_outlier_clears_the_fence_and_few_others_do(known: Known) -> None:
    """Robust z of log(amount) per category, limits from the three months before the line's."""
    category = {
        row["product_id"]: row["product_category"] for row in known.delivered.rows["products"]
    }
    sales = {row["transaction_id"]: day(row) for row in known.sales}
    amounts: dict[tuple[str, int], list[float]] = defaultdict(list)
    lines = []
    for row in known.delivered.rows[LINES]:
        if row["transaction_id"] in sales and float(row["line_item_amount"]) > 0:
            on = sales[row["transaction_id"]]
            place = (category[row["product_id"]], 12 * on.year + on.month)
            amount = math.log(float(row["line_item_amount"]))
            amounts[place].append(amount)
            lines.append(((row["transaction_id"], row["line_item_id"]), place, amount))
    limits = {
        (name, month): fence(
            [x for back in range(1, MONTHS + 1) for x in amounts.get((name, month - back), [])]
        )
        for name, month in amounts
    }
    flagged = {
        key
        for key, place, amount in lines
        if (limit := limits[place]) and abs(amount - limit[0]) > limit[1]
    }
    planted = known.outliers
    assert len(planted) > 0.7 * SHOP.outlier_rate * len(lines)
    assert planted <= flagged
    assert len(flagged - planted) < 0.01 * len(lines)


def fence(values: list[float]) -> tuple[float, float] | None:
    """Middle and the distance from it that is too far; None where there is too little."""
    if len(values) < LEAST:
        return None
    middle = median(values)
    deviations = [abs(value - middle) for value in values]
    spread = median(deviations) / 0.6745 or 1.253314 * mean(deviations)
    return (middle, FENCE * spread) if spread else None
