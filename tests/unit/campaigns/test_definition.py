"""`campaigns.yml`: what is read, and how a mistake is named."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.campaigns.conditions import Condition
from loyalty_lens.campaigns.definition import load_campaigns
from loyalty_lens.campaigns.files import file_name, new_file
from loyalty_lens.campaigns.selecting import Counts
from loyalty_lens.errors import CampaignError
from loyalty_lens.settings import CAMPAIGNS

LIST = """
campaigns:
  win_back:
    title: Win back
    where:
      tier: [Gold, Platinum]
      recency_days: {at_least: 30, below: 365}
      email: {given: true}
      customer_since: {above: 2025-01-31}
    columns: [email, tier]
    holdout: 0.1
    category: Coffee
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "campaigns.yml"
    path.write_text(text)
    return path


def test_a_list_is_read_with_its_conditions_columns_and_holdout(tmp_path: Path) -> None:
    (campaign,) = load_campaigns(written(tmp_path, LIST)).values()
    assert campaign.conditions == (
        Condition("tier", "is", ("Gold", "Platinum")),
        Condition("recency_days", "at_least", (30,)),
        Condition("recency_days", "below", (365,)),
        Condition("email", "given", (True,)),
        Condition("customer_since", "above", (dt.date(2025, 1, 31),)),
    )
    assert campaign.columns == ("customer_id", "email", "tier")
    assert campaign.holdout == Decimal("0.1")
    assert (campaign.title, campaign.category) == ("Win back", "Coffee")


def test_the_lists_that_come_with_it_hold_no_contact_data() -> None:
    campaigns = load_campaigns(CAMPAIGNS)
    assert len(campaigns) >= 3
    contact = {"first_name", "last_name", "email", "customer_phone", "street"}
    assert not any(contact & set(campaign.columns) for campaign in campaigns.values())


@pytest.mark.parametrize("text", ["", "campaigns:", "campaigns: {}"])
def test_no_list_is_fine(tmp_path: Path, text: str) -> None:
    assert load_campaigns(written(tmp_path, text)) == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("win_back:", "../../etc/passwd:", "name becomes that of a file"),
        ("win_back:", "Win back:", "small letters"),
        ("win_back:", "1:", "small letters"),
        ("holdout: 0.1", "holdout: 10", "share such as 0.10"),
        ("holdout: 0.1", "holdout: 1", "share such as 0.10"),
        ("holdout: 0.1", "holdout: .nan", "share such as 0.10"),
        ("holdout: 0.1", "holdout: yes", "share such as 0.10"),
        ("columns: [email, tier]", "columns: email", "a list of names"),
        ("columns: [email, tier]", "columns: [1]", "a list of names"),
        ("title: Win back", "titel: Win back", "'titel' is none of"),
        ("title: Win back", "title: 7", "use a text"),
        ("at_least: 30", "over: 30", "'over': use is, is_not"),
        ("at_least: 30", "at_least: [30, 40]", "takes one value"),
        ("tier: [Gold, Platinum]", "tier:", "needs a value"),
        ("tier: [Gold, Platinum]", "tier: []", "needs a value"),
        ("tier: [Gold, Platinum]", "tier: {}", "has no value"),
        ("{given: true}", "{given: maybe}", "true or false"),
        ("campaigns:", "lists:", "`campaigns:`"),
        ("campaigns:", "campaigns: [", "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_list(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in LIST
    with pytest.raises(CampaignError) as refused:
        load_campaigns(written(tmp_path, LIST.replace(old, new)))
    assert "campaigns.yml" in str(refused.value) and told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_without_conditions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="names at least one column"):
        load_campaigns(written(tmp_path, "campaigns: {all: {title: All}}"))
    with pytest.raises(CampaignError, match="cannot be read"):
        load_campaigns(tmp_path / "nowhere.yml")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition("tear", "is", ("Gold",)), "no column 'tear'"),
        (Condition("tier", "at_least", ("Gold",)), "cannot be compared"),
        (Condition("tier", "is", (1,)), "use a text"),
        (Condition("tier", "is", ("a\0b",)), "use a text"),
        (Condition("days", "is", ("30",)), "use a number"),
        (Condition("days", "is", (float("nan"),)), "use a number"),
        (Condition("days", "is", (True,)), "use a number"),
        (Condition("since", "above", (2025,)), "use a date"),
        (Condition("flag", "is", ("yes",)), "use true or false"),
        (Condition("more", "is", ("x",)), "cannot be compared"),
    ],
)
def test_a_value_fits_the_type_of_its_column(condition: Condition, told: str) -> None:
    types = {
        "tier": "text",
        "days": "integer",
        "since": "date",
        "flag": "boolean",
        "more": "jsonb",
    }
    with pytest.raises(CampaignError, match="list 'x': .*" + told):
        condition.check("list 'x'", types)


def test_the_counts_tell_why_customers_are_not_in_the_file() -> None:
    assert Counts(214, 0, 0, 0, 214).told() == (
        "214 selected, 0 exported: 214 without consent information"
    )
    assert Counts(1200, 1000, 100, 60, 40).told() == (
        "1,200 selected, 1,000 exported: 100 held out, 60 without consent,"
        " 40 without consent information"
    )
    assert Counts(3, 3, 0, 0, 0).told() == "3 selected, 3 exported"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "list.csv"
    with new_file(path) as file:
        file.stream.write(b"first\n")
        assert not path.exists()
        file.keep()
    assert path.read_text("utf-8-sig") == "first\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RuntimeError), new_file(path) as file:
        file.stream.write(b"second")
        raise RuntimeError
    assert path.read_text("utf-8-sig") == "first\n"
    assert [each.name for each in path.parent.iterdir()] == ["list.csv"]
    with pytest.raises(CampaignError, match=r"below\.csv: cannot be written"):
        new_file(path / "below.csv").__enter__()
    with pytest.raises(CampaignError, match="new: cannot be written"):
        new_file(path.parent).__enter__()


def test_the_name_of_a_file_has_letters_and_digits_alone() -> None:
    assert file_name("segment High Value - At Risk") == "segment_high_value_at_risk.csv"
    assert file_name("segment ../../x") == "segment_x.csv"
