"""History replayed under other rules: the points' own models over other rules, then compared.

Everything is made in temporary tables of one transaction that is rolled back: the marts are only
read, and nothing is left behind even where the command is killed.
"""

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from loyalty_lens.errors import PointsError
from loyalty_lens.points import what_if_queries as queries
from loyalty_lens.points.replay import Replay, replaying
from loyalty_lens.points.rules import business_date_of
from loyalty_lens.points.rules_file import read_rules
from loyalty_lens.settings import Settings
from loyalty_lens.worker import Worker

ANSWERS = ("points_balances", "points_liability")


@dataclass(frozen=True)
class Figure:
    """One figure of all customers, today and under the other rules."""

    name: str
    today: Decimal
    what_if: Decimal
    is_money: bool = False

    @property
    def difference(self) -> Decimal:
        return self.what_if - self.today


@dataclass(frozen=True)
class TierFigure:
    """A tier's customers and their points; tiers follow spend, so that rules move only points."""

    tier: str
    customers: int
    outstanding_today: int
    outstanding_what_if: int


@dataclass(frozen=True)
class Change:
    """A customer whose balance would be another one."""

    customer_id: str
    today: int
    what_if: int
    difference: int


@dataclass(frozen=True)
class WhatIf:
    """What would be different on the business date."""

    file: str
    rules: int
    first_day: dt.date | None  # on which the other rules hold; None: from the beginning
    last_day: dt.date | None  # inclusive; None: no end
    business_date: dt.date
    figures: tuple[Figure, ...]
    tiers: tuple[TierFigure, ...]
    winners: int
    losers: int
    unchanged: int
    largest_gains: tuple[Change, ...]
    largest_losses: tuple[Change, ...]


def what_if(
    settings: Settings,
    url: str,
    file: Path,
    *,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    largest: int = 5,
    worker: Worker | None = None,
) -> WhatIf:
    """Reckons all points anew with the rules of `file` from `first_day` to `last_day`.

    Outside those days the rules hold that hold today; sales, returns, redemptions, adjustments and
    promotions are as they were. `worker`: the helper of the gate, if one is at hand. Raises
    PointsError where the file is bad or nothing is built.
    """
    if first_day and last_day and last_day < first_day:
        raise PointsError(f"--to {last_day} is before --from {first_day}: no day is left")
    with replaying(settings, url) as replay:
        tiers = replay.rows("select * from clean.loyalty_tiers")
    new_rules = read_rules(settings, file, tiers, worker)
    with replaying(settings, url) as replay:
        business_date = business_date_of(replay)
        if business_date is None:
            raise PointsError("no sale was ever accepted, so there are no points: lens run")
        _put_rules(replay, new_rules, first_day, last_day)
        replay.build(*replay.models.between({"loyalty_rules"}, ANSWERS))
        (counts,) = replay.rows(queries.COUNTS)
        return WhatIf(
            file=str(file),
            rules=len(new_rules),
            first_day=first_day,
            last_day=last_day,
            business_date=business_date,
            figures=tuple(Figure(**row) for row in replay.rows(queries.FIGURES)),
            tiers=tuple(TierFigure(**row) for row in replay.rows(queries.TIERS)),
            largest_gains=_changes(replay, queries.GAINS, largest),
            largest_losses=_changes(replay, queries.LOSSES, largest),
            **counts,
        )


def _put_rules(
    replay: Replay, new_rules: list[dict[str, Any]], first: dt.date | None, last: dt.date | None
) -> None:
    start = first or dt.date(1900, 1, 1)
    end = last + dt.timedelta(days=1) if last else None
    dated = [{**rule, "valid_from": start, "valid_to": end} for rule in new_rules]
    replay.put(
        "loyalty_rules", queries.RULES, start, start, end, end, json.dumps(dated, default=str)
    )


def _changes(replay: Replay, query: str, largest: int) -> tuple[Change, ...]:
    return tuple(Change(**row) for row in replay.rows(query, largest))
