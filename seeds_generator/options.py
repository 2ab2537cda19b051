"""What to generate: the options and what they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from seeds_generator.categories import CATEGORIES
from seeds_generator.defects import KINDS

EARLIEST_DAY = date(1990, 1, 2)  # sales before 1990 are rejected by the gate
LARGEST_DEFECT_RATE = 0.3


@dataclass(frozen=True)
class GeneratorOptions:
    """The size, period and quality of the generated data.

    history_days   days of sales in the one history drop; 0: the masters come with the first day
    days           daily drops that follow, the last of them on ``end``
    ahead_days     days planned after ``end`` that are not written, so that the same world can go on
    customers      all customers, those who join up to ``end`` among them
    stores, products, promotions   rows of these masters (promotions: up to ``end``)
    purchases_a_day   mean purchase rate of a customer while he or she is one
    lines_per_sale    mean size of a basket, before planted affinities add to it
    seed           the same options give the same bytes
    end            the last day that is written
    defect_rate    share of rows made defective, shared out evenly among the kinds; 0: none
    defect_rates   kind of defect -> share of the rows of its data set, instead of the even share
    late_rate      share of a store's days whose sales come one to three days late (daily drops)
    outlier_rate   share of the lines with an amount far off
    currency       ISO code written in the sales headers; None leaves the column out

    Raises ValueError, one line that names the option, for a value that makes no sense.
    """

    history_days: int = 180
    days: int = 7
    ahead_days: int = 0
    customers: int = 2000
    stores: int = 12
    products: int = 240
    promotions: int = 12
    purchases_a_day: float = 0.135
    lines_per_sale: float = 2.6
    seed: int = 42
    end: date = date(2026, 1, 11)
    defect_rate: float = 0.01
    defect_rates: Mapping[str, float] = field(default_factory=dict)
    late_rate: float = 0.0
    outlier_rate: float = 0.0
    currency: str | None = "EUR"

    def __post_init__(self) -> None:
        for name, least in (
            ("history_days", 0),
            ("days", 0),
            ("ahead_days", 0),
            ("customers", 1),
            ("stores", 1),
            ("products", 2 * len(CATEGORIES)),
            ("promotions", 0),
            ("seed", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value}")
        if self.total_days < 1:
            raise ValueError("history_days and days are both 0: nothing to write")
        for name, least_rate, most in (
            ("purchases_a_day", 0.001, 1.0),
            ("lines_per_sale", 1.0, 8.0),
            ("defect_rate", 0.0, LARGEST_DEFECT_RATE),
            ("late_rate", 0.0, 1.0),
            ("outlier_rate", 0.0, 0.05),
        ):
            if not least_rate <= getattr(self, name) <= most:
                raise ValueError(
                    f"{name} must lie between {least_rate} and {most}, not {getattr(self, name)}"
                )
        if unknown := set(self.defect_rates) - {defect.kind for defect in KINDS}:
            raise ValueError(f"no defect of kind {', '.join(sorted(unknown))}; see defects.py")
        for kind, rate in self.defect_rates.items():
            if not 0 <= rate <= LARGEST_DEFECT_RATE:
                raise ValueError(
                    f"the rate of {kind} must lie between 0 and {LARGEST_DEFECT_RATE}, not {rate}"
                )
        if self.currency is not None and not (
            len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()
        ):
            raise ValueError(f"currency must be a code such as EUR, not {self.currency!r}")
        if (self.end - EARLIEST_DAY).days + 1 < self.total_days:
            raise ValueError(
                f"{self.total_days} days up to {self.end} begin before {EARLIEST_DAY}: "
                "choose fewer days or a later end"
            )

    @property
    def total_days(self) -> int:
        """Days of sales that are written, history and daily drops together."""
        return self.history_days + self.days

    @property
    def horizon(self) -> int:
        """Days that are planned: those that are written, and those ahead."""
        return self.total_days + self.ahead_days

    @property
    def first_day(self) -> date:
        """The first day of the data."""
        return self.end - timedelta(days=self.total_days - 1)

    @property
    def last_history_day(self) -> date:
        """The last day of the history, the day before the first daily drop."""
        return self.end - timedelta(days=self.days)
