"""The template language of a card's SQL: `{{filter}}` for a condition, `[[...]]` for optional text.

As in Metabase: an optional block goes when its filter is not set; a filter that is not set outside
a block is true. Blocks do not nest.
"""

import re
from collections.abc import Callable

TAG = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BLOCK = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


def tags_of(sql: str) -> set[str]:
    """The names between double braces."""
    return set(TAG.findall(sql))


def filled(sql: str, condition: Callable[[str], str | None]) -> str:
    """`sql` with every tag replaced by what `condition` says of it; None where it is not set."""

    def block(found: re.Match[str]) -> str:
        is_set = all(condition(tag) is not None for tag in tags_of(found[1]))
        return found[1] if is_set else ""

    return TAG.sub(lambda found: condition(found[1]) or "true", BLOCK.sub(block, sql))
