"""Purchases and spend are those of the processes that the truth names."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from seeds_generator import GeneratorOptions
from seeds_generator.calendar import build_calendar
from seeds_generator.spend import expected_lines
from seeds_generator.visits import WITHOUT_CARD
from tests.unit.generator.conftest import SHOP, Known, day, read

Column = NDArray[np.float64]


def test_nobody_buys_after_dropping_out_and_others_go_on(known: Known) -> None:
    """Named or by phone; the day in the truth is that of the last visit, of everybody."""
    visits = known.visits()
    assert sum(not row["customer_id"] for rows in visits.values() for row in rows) > 1000
    customers = known.table("customers")
    dropped = [row for row in customers if row["dropped_on"]]
    assert 0.15 < len(dropped) / len(customers) < 0.5
    for row in dropped:
        last = max(map(day, visits[row["customer_id"]]))
        assert last == date.fromisoformat(row["dropped_on"]), row
    by_phone = {key for key, rows in visits.items() if any(not row["customer_id"] for row in rows)}
    assert sum(row["customer_id"] in by_phone for row in dropped) > 300


def test_purchases_are_those_of_the_process(known: Known) -> None:
    """BG/NBD: E[X(t)] = (1 - exp(-rate p t)) / p of a customer with a rate and a drop-out p."""
    counts = {key: len(rows) for key, rows in known.visits().items()}
    assert abs(_off(known, counts)) < 3


def test_a_share_of_the_own_visits_is_without_the_card(known: Known) -> None:
    """But never with a phone that two customers have: nobody could say whose visit it was."""
    customers = {row["customer_id"] for row in known.table("customers") if not row["joined_on"]}
    visits = [row for key, rows in known.visits().items() if key in customers for row in rows]
    share = sum(not row["customer_id"] for row in visits) / len(visits)
    assert share == pytest.approx(WITHOUT_CARD, abs=4 * (WITHOUT_CARD / len(visits)) ** 0.5 + 0.001)
    shared = {
        phone
        for phone, owners in Counter(
            {
                row["customer_id"]: row["customer_phone"]
                for row in known.delivered.rows["customer_details"]
            }.values()
        ).items()
        if owners > 1
    }
    assert len(shared) > 5
    assert not shared & {row["customer_phone"] for row in known.sales}


def _off(known: Known, counts: dict[str, int]) -> float:
    """Standard errors by which purchases are off, over the customers of the start."""
    days = build_calendar(SHOP).busyness.sum()  # there are busy and quiet ones
    shared = {row["customer_id"] for row in known.table("identities") if row["same_as"]} | {
        row["same_as"] for row in known.table("identities")
    }
    gaps = []
    for row in known.table("customers"):
        if not row["joined_on"] and row["customer_id"] not in shared:
            rate, p = float(row["purchases_a_day"]), float(row["dropout_probability"])
            expected = (1 - math.exp(-rate * p * days)) / p
            gaps.append(counts.get(row["customer_id"], 0) - expected)
    return sum(gaps) / math.sqrt(sum(gap * gap for gap in gaps))


def test_rates_are_gamma_distributed_also_above_one_purchase_a_day(tmp_path: Path) -> None:
    options = GeneratorOptions(
        history_days=3, days=0, customers=2000, purchases_a_day=0.9, defect_rate=0
    )
    known = Known(read(options, tmp_path / "out", truth=tmp_path / "truth"), tmp_path / "truth")
    rates = np.array([float(row["purchases_a_day"]) for row in known.table("customers")])
    buyers = rates[rates > 0]
    shape = json.loads((tmp_path / "truth" / "parameters.json").read_text())["purchases"]["r"]
    error = 0.9 / math.sqrt(shape * len(buyers))
    assert buyers.mean() == pytest.approx(0.9, abs=4 * error)
    assert buyers.var() == pytest.approx(0.9**2 / shape, rel=0.25)
    assert np.mean(buyers > 1) > 0.25


def test_mean_spend_of_a_customer_is_the_truth(known: Known) -> None:
    """Promotions, prices and affinities included; outliers are none of it."""
    seen, truth = _baskets(known)
    gaps = [sum(seen[key]) - len(seen[key]) * truth[key] for key in seen]
    assert abs(sum(gaps)) < 3 * math.sqrt(sum(gap * gap for gap in gaps))
    keys = sorted(seen, key=truth.__getitem__)
    for tenth in np.array_split(np.array(keys), 10):
        money = sum(sum(seen[key]) for key in tenth)
        expected = sum(len(seen[key]) * truth[key] for key in tenth)
        error = math.sqrt(sum((x - truth[key]) ** 2 for key in tenth for x in seen[key]))
        assert abs(money - expected) < 3.5 * error, (tenth[0], money / expected)
    often = [key for key in keys if len(seen[key]) >= 20]
    assert len(often) > 1000
    pairs = np.array([(np.mean(seen[key]), truth[key]) for key in often])
    assert np.corrcoef(pairs.T)[0, 1] > 0.9


def test_a_gamma_gamma_fit_on_money_finds_the_mean_and_the_spread_of_customers(
    known: Known,
) -> None:
    """Mean to 4 %, q to 25 % (baskets of money are not quite gamma), expectations unbiased."""
    seen, truth = _baskets(known)
    planted = json.loads((known.folder / "parameters.json").read_text())["spend"]
    keys = [key for key in seen if len(seen[key]) >= 2]  # the first one is no repeat basket
    count = np.array([len(seen[key]) - 1 for key in keys], dtype=float)
    mean = np.array([np.mean(seen[key][1:]) for key in keys])
    p, q, v = _gamma_gamma(count, mean)
    population = v * p / (q - 1)
    assert population == pytest.approx(planted["mean"], rel=0.04)
    assert q == pytest.approx(planted["q"], rel=0.25)
    assert planted["p_times_v"] / (planted["q"] - 1) == pytest.approx(planted["mean"], rel=0.02)
    weight = p * count / (p * count + q - 1)
    expected = weight * mean + (1 - weight) * population
    true = np.array([truth[key] for key in keys])
    assert np.polyfit(expected, true, 1)[0] == pytest.approx(1, abs=0.1)
    assert np.mean((expected - true) ** 2) < np.mean((mean - true) ** 2)


def test_the_parameters_of_basket_sizes_are_those_of_the_mean_lines(known: Known) -> None:
    planted = json.loads((known.folder / "parameters.json").read_text())["basket_sizes"]
    lines = np.array([float(row["mean_lines"]) for row in known.table("customers")])
    p, q, v = planted["p"], planted["q"], planted["v"]
    assert p * v / (q - 1) == pytest.approx(planted["mean_lines"])
    assert np.mean(1 / lines) == pytest.approx(q / (p * v), rel=0.03)  # of the inverse gamma
    assert np.var(1 / lines) == pytest.approx(q / (p * v) ** 2, rel=0.1)
    assert expected_lines(np.array([0.01, 1000.0])) == pytest.approx([1.0, 1000.0], rel=0.01)


def _baskets(known: Known) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Money of the baskets of each customer in order, without outliers; the true means."""
    truth = {row["customer_id"]: float(row["mean_spend"]) for row in known.table("customers")}
    far_off = {transaction for transaction, _ in known.outliers}
    seen: dict[str, list[float]] = defaultdict(list)
    for key, rows in known.visits().items():
        for row in sorted(rows, key=lambda row: row["transaction_date"]):
            if row["transaction_id"] not in far_off:
                seen[key].append(float(row["total_amount"]))
    return {key: found for key, found in seen.items() if found}, truth


def _gamma_gamma(x: Column, m: Column) -> tuple[float, float, float]:
    """Fader and Hardie 2013: p, q and v by maximum likelihood from counts and mean values."""

    def loss(logs: Column) -> float:
        p, q, v = np.exp(logs)
        terms = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
            + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
            - (p * x + q) * np.log(x * m + v)
        )  # fmt: skip
        return -float(terms.sum())

    found = minimize(loss, np.log([1.0, 3.0, 100.0]), method="Nelder-Mead")
    p, q, v = np.exp(found.x)
    return float(p), float(q), float(v)
