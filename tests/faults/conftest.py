"""One site for the session: a tiny shop with a first delivery, and what the next one leads to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults.site import Site, State
from tests.integration.pipeline.worlds import SMALL_SHOP

HEADER = SMALL_SHOP["store_sales_header.csv"]
LINES = SMALL_SHOP["store_sales_line_items.csv"]
EVENTS = ("store_sales_header", "store_sales_line_items")
# The day before yesterday is corrected, a new day comes with all kinds of rows, and so does the
# customer that an earlier sale waited for.
FIRST = {
    **{name: text for name, text in SMALL_SHOP.items() if not name.startswith(EVENTS)},
    "2026-01-04/store_sales_header.csv": HEADER + "T7,C9,S1,2026-01-04,15\n",
    "2026-01-04/store_sales_line_items.csv": LINES + "1,T7,P1,,1,15\n1,T8,P1,,1,10\n",
}
SECOND = {
    "2026-01-04/store_sales_header.csv": HEADER.replace(",120", ",121")
    + "T7,C9,S1,2026-01-04,15\n",
    "2026-01-05/customer_details.csv": "customer_id,first_name\nC9,Eve\nC1,Anna\n",
    "2026-01-05/store_sales_header.csv": HEADER.splitlines()[0]
    + "\nT8,C1,S1,2026-01-05,10\nT9,C2,S9,2026-01-05,5\nTA,C2,S1,someday,5\n"
    + 'T1,C1,S1,2025-12-01 10:00:00,30\nTB,"C2,S1,2026-01-05,7\n',
    "2026-01-05/store_sales_line_items.csv": LINES.splitlines()[0] + "\n1,T9,P1,,1,5\n",
}


@dataclass
class Shop:
    """A site whose first delivery is judged, and built where marts are asked for."""

    site: Site
    _undisturbed: dict[bool, State] = field(default_factory=dict)

    def reset(self, *, has_marts: bool) -> None:
        """As before the second delivery, which lies in the landing folder."""
        if not has_marts or self._undisturbed.get(True):
            self.site.restore("built" if has_marts else "first")
            return
        self.site.restore("first")
        self.site.works("build")
        self.site.save_as("built")

    def undisturbed(self, *, has_marts: bool) -> State:
        """The state after the second delivery where nothing goes wrong."""
        if has_marts not in self._undisturbed:
            self.reset(has_marts=has_marts)
            for command in ("run",) if has_marts else ("ingest", "validate"):
                self.site.works(command)
            self._undisturbed[has_marts] = self.site.state()
        return self._undisturbed[has_marts]


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    site = Site()
    try:
        site.deliver(FIRST)
        site.works("ingest")
        site.works("validate")
        site.save_as("first")
        site.deliver(SECOND)
        yield Shop(site)
    finally:
        site.close()
