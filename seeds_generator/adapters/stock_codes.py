"""What the shop's stock codes are: its goods have numbers, everything else has words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

GOODS = re.compile(r"\d{5}[A-Za-z]*|PADS")
MERCHANDISE = "Merchandise"
OTHER = "Other codes"  # DCGS0003 and the like: boxes, bags, corrections without a number
CATEGORIES = {
    "Postage": re.compile(r"POST|DOT|C[23]"),
    "Manual entries": re.compile(r"[Mm]"),
    "Discounts": re.compile(r"D"),
    "Samples": re.compile(r"S"),
    "Bad debt": re.compile(r"B"),
    "Fees": re.compile(r"BANK CHARGES|AMAZONFEE|CRUK"),
    "Gift vouchers": re.compile(r"gift_\d+_\d+|GIFT", re.IGNORECASE),
    "Adjustments": re.compile(r"ADJUST\d?"),
    "Tests": re.compile(r"TEST\d+"),
}
PRODUCTS = ("product_id", "product_name", "product_category", "is_merchandise")


def category(code: str) -> str:
    """The category that a product of this code is delivered with."""
    if GOODS.fullmatch(code):
        return MERCHANDISE
    return next((name for name, codes in CATEGORIES.items() if codes.fullmatch(code)), OTHER)


class Names:
    """How often each product was described how."""

    def __init__(self) -> None:
        self._names: dict[str, Counter[str]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add(self, code: str, description: str) -> None:
        """One row's description; an empty one tells only that the product is there."""
        if not code:
            return
        names = self._names.get(code)
        if names is None:
            names = self._names[code] = Counter()
        if description:
            names[description] += 1

    def records(self) -> Iterator[tuple[str, ...]]:
        """The records of products, by code: the most frequent description, of equals the first."""
        for code, names in sorted(self._names.items()):
            kind = category(code)
            name = names.most_common(1)[0][0] if names else ""
            yield code, name, kind, "yes" if kind == MERCHANDISE else "no"
