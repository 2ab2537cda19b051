"""Settings come from the environment; a wrong one is named."""

from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import PROJECT_ROOT, Settings

DOCUMENTED = (PROJECT_ROOT / ".env.example").read_text()


def test_nothing_set_gives_the_documented_defaults() -> None:
    settings = Settings.from_environment({"UNRELATED": "1"})
    assert settings.home == PROJECT_ROOT / ".lens"
    assert settings.landing == PROJECT_ROOT / "landing"
    assert settings.database_url is None
    assert settings.database == "loyalty_lens"
    assert settings.currency == "EUR"
    assert settings.point_cost == Decimal("0.01")


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"LENS_DATABASE_URL": " ", "X": "1"}).database_url is None


def test_the_demo_has_a_database_of_its_own() -> None:
    assert Settings.from_environment({"X": "1"}, demo=True).database == "loyalty_lens_demo"
    assert Settings.from_environment({"LENS_DEMO_DATABASE": "1"}).demo


def test_the_demo_may_have_a_landing_folder_of_its_own() -> None:
    folders = {"LENS_LANDING": "/own", "LENS_DEMO_LANDING": "/invented"}
    assert Settings.from_environment(folders).landing == Path("/own")
    assert Settings.from_environment(folders, demo=True).landing == Path("/invented")
    unset = Settings.from_environment({"LENS_LANDING": "/own", "LENS_HOME": "/home"}, demo=True)
    assert unset.landing == Path("/home/demo/landing")


def test_lists_of_the_demo_never_lie_beside_ones_own() -> None:
    assert Settings.from_environment({"LENS_HOME": "/home"}).exports == Path("/home/exports")
    assert Settings.from_environment({"LENS_EXPORTS": "/lists"}).exports == Path("/lists")
    demo = Settings.from_environment({"LENS_EXPORTS": "/lists"}, demo=True)
    assert demo.exports == Path("/lists/demo")


def test_home_may_be_written_from_the_users_folder() -> None:
    assert Settings.from_environment({"LENS_HOME": "~/x"}).home == Path.home() / "x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LENS_POINT_COST", "cheap"),
        ("LENS_POINT_COST", "-1"),
        ("LENS_POINT_COST", "NaN"),
        ("LENS_BREAKAGE", "1.5"),
        ("LENS_BREAKAGE", "some"),
        ("LENS_BREAKAGE_AT_ISSUE", "-0.1"),
        ("LENS_SUPERSEDE_LIMIT", "20%"),
        ("LENS_RFM_MONETARY_BASIS", "both"),
        ("LENS_PAST_GUEST_SALES", "maybe"),
        ("LENS_CONSENT_WHEN_MISSING", "ask"),
        ("LENS_DBT_THREADS", "many"),
        ("LENS_LOG_LEVEL", "loud"),
        ("LENS_FEED", "../stores"),
        ("LENS_FEED", "online"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


def test_every_setting_is_documented() -> None:
    source = (PROJECT_ROOT / "dags/loyalty_lens/settings.py").read_text()
    names = {word.strip('":,()') for word in source.split() if word.strip('"(').startswith("LENS_")}
    assert names
    assert [name for name in sorted(names) if name not in DOCUMENTED] == []
