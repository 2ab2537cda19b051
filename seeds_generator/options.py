"""What to generate: the options and what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from seeds_generator.categories import CATEGORIES

EARLIEST_DAY = date(1990, 1, 2)  # sales before 1990 are rejected by the gate
LARGEST_DEFECT_RATE = 0.3


@dataclass(frozen=True)
class GeneratorOptions:
    """The size, period and quality of the generated data.

    history_days   days of sales in the one history drop
    days           daily drops that follow, the last of them on ``end``
    customers      all customers, those who join during the period among them
    stores, products, promotions   rows of these masters
    seed           the same seed gives the same bytes
    end            the last day of the data
    defect_rate    share of header rows and of line rows made defective; 0 gives clean files
    currency       ISO code written in the sales headers; None leaves the column out

    Raises ValueError, one line that names the option, for a value that makes no sense.
    """

    history_days: int = 180
    days: int = 7
    customers: int = 2000
    stores: int = 12
    products: int = 240
    promotions: int = 12
    seed: int = 42
    end: date = date(2026, 1, 11)
    defect_rate: float = 0.01
    currency: str | None = "EUR"

    def __post_init__(self) -> None:
        for name, least in (
            ("history_days", 1),
            ("days", 0),
            ("customers", 1),
            ("stores", 1),
            ("products", 2 * len(CATEGORIES)),
            ("promotions", 0),
            ("seed", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value}")
        if not 0 <= self.defect_rate <= LARGEST_DEFECT_RATE:
            raise ValueError(
                f"defect_rate must lie between 0 and {LARGEST_DEFECT_RATE}, not {self.defect_rate}"
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
        """Days of sales, history and daily drops together."""
        return self.history_days + self.days

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return self.end - timedelta(days=self.total_days - 1)

    @property
    def last_history_day(self) -> date:
        """The last day of the history, the day before the first daily drop."""
        return self.end - timedelta(days=self.days)
