"""The lists of `campaigns.yml` (LENS_CAMPAIGNS) as typed objects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from loyalty_lens.campaigns.conditions import Condition, read_conditions
from loyalty_lens.errors import CampaignError

NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")  # becomes the name of a file
KEY = "customer_id"
COLUMNS = (KEY, "value_segment", "segment_name", "rfm_segment", "tier", "total_loyalty_points")
WORDS = {"title", "where", "columns", "holdout", "category"}


@dataclass(frozen=True)
class Campaign:
    """A list: whom it takes, what the file says of them, and the share that is held out of it."""

    campaign_id: str
    title: str
    conditions: tuple[Condition, ...]
    columns: tuple[str, ...] = COLUMNS
    holdout: Decimal = Decimal(0)
    category: str | None = None  # the product category that it is about, for its results

    @property
    def as_json(self) -> dict[str, Any]:
        """What makes the list what it is, to be kept with each export."""
        return {
            "where": [[each.column, each.operator, *each.values] for each in self.conditions],
            "columns": list(self.columns),
            "holdout": str(self.holdout),
        }


def load_campaigns(path: Path) -> dict[str, Campaign]:
    """The lists by name, in the order of the file; a file that is empty or has none is fine.

    Raises CampaignError naming the file and the list.
    """
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise CampaignError(
            f"{path}: cannot be read ({error.strerror}); see LENS_CAMPAIGNS"
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        told = " ".join(str(error).split())
        raise CampaignError(f"{path}: not YAML: {told}") from None
    lists = (content or {}).get("campaigns", {}) if isinstance(content or {}, dict) else None
    if not isinstance(lists, dict | None) or (content and set(content) != {"campaigns"}):
        raise CampaignError(f"{path}: `campaigns:` and below it a name for each list are expected")
    return {name: _campaign(path.name, name, given) for name, given in (lists or {}).items()}


def _campaign(file: str, name: Any, given: Any) -> Campaign:
    where = f"{file}, list {name!r}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise CampaignError(
            f"{where}: its name becomes that of a file: use small letters, digits, _ (up to 50)"
        )
    if not isinstance(given, dict):
        raise CampaignError(f"{where}: needs `where`, and may have {', '.join(sorted(WORDS))}")
    if unknown := set(map(str, given)) - WORDS:
        raise CampaignError(
            f"{where}: {sorted(unknown)[0]!r} is none of {', '.join(sorted(WORDS))}"
        )
    return Campaign(
        campaign_id=name,
        title=_text(where, given, "title") or name.replace("_", " ").capitalize(),
        conditions=read_conditions(where, given.get("where")),
        columns=checked_columns(where, given.get("columns", list(COLUMNS))),
        holdout=checked_holdout(where, given.get("holdout", 0)),
        category=_text(where, given, "category"),
    )


def checked_columns(where: str, given: Any) -> tuple[str, ...]:
    """The columns of the file, `customer_id` first: it is what results are reckoned by."""
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise CampaignError(f"{where}: `columns` is a list of names")
    return tuple(dict.fromkeys((KEY, *given)))


def checked_holdout(where: str, given: Any) -> Decimal:
    """The share of the list that is not written to, from 0 to below 1."""
    try:
        share = Decimal(str(given))
    except InvalidOperation:
        share = Decimal(-1)
    if isinstance(given, bool) or not share.is_finite() or not 0 <= share < 1:
        raise CampaignError(f"{where}: holdout is {given!r}: use a share such as 0.10 (below 1)")
    return share


def _text(where: str, given: Mapping[str, Any], word: str) -> str | None:
    value = given.get(word)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise CampaignError(f"{where}: {word} is {value!r}: use a text")
    return " ".join(value.split()) if value else None
