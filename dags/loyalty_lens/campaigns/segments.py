"""Segments by their names: which column of `marts.customer_details` holds one."""

from collections.abc import Sequence
from decimal import Decimal

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.conditions import Condition
from loyalty_lens.campaigns.definition import COLUMNS, Campaign
from loyalty_lens.errors import CampaignError

# Where each column's values come from; a misspelt one would make an empty list in silence.
KNOWN = {
    "value_segment": "select value_segment from clean.value_engagement_segments",
    "segment_name": "select segment_name from clean.loyalty_segments",
    "segment_id": "select segment_id from clean.loyalty_segments",
    "rfm_segment": "select rfm_segment from clean.rfm_grid",
    "value_tier": "select value_tier from clean.value_engagement_segments",
    "engagement_status": "select engagement_status from clean.value_engagement_segments",
    "tier": "select tier from clean.loyalty_tiers",
}
PROSPECT = "Prospect"  # who never bought: in no segment of these two
OF_PROSPECTS = ("value_segment", "rfm_segment")
SEGMENTS = ("value_segment", "segment_name", "segment_id", "rfm_segment")


def known_values(cursor: Cursor, column: str) -> list[str]:
    """The values that a column may have by the segment maps; none where it is not of them."""
    if column not in KNOWN:
        return []
    cursor.execute(f"{KNOWN[column]} group by 1 order by min(ctid)")  # in the order of the seed
    return [*(value for (value,) in cursor.fetchall()), *([PROSPECT] * (column in OF_PROSPECTS))]


def check_values(cursor: Cursor, where: str, conditions: Sequence[Condition]) -> None:
    """Raises CampaignError where a condition names a segment or tier that there is not."""
    for condition in conditions:
        known = known_values(cursor, condition.column)
        for value in condition.values if known and condition.operator in ("is", "is_not") else ():
            if value not in known:
                raise CampaignError(
                    f"{where}: {condition.column} is never {value!r}; there are: {', '.join(known)}"
                )


def segment_list(
    cursor: Cursor, name: str, columns: tuple[str, ...] = COLUMNS, holdout: Decimal = Decimal(0)
) -> Campaign:
    """The list of all customers in a segment of whichever scheme has that name.

    Raises CampaignError naming the segments there are.
    """
    there: dict[str, None] = {}
    for column in SEGMENTS:
        for known in known_values(cursor, column):
            if known.lower() == " ".join(name.split()).lower():
                condition = Condition(column, "is", (known,))
                return Campaign(f"segment {known}", known, (condition,), columns, holdout)
            there[known] = None
    raise CampaignError(f"there is no segment {name!r}; use one of: {', '.join(there)}")
