"""An unchanged file is read again: by --replace, or because datasets.yml reads it otherwise now."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from loyalty_lens.datasets import load_data_sets
from loyalty_lens.errors import LandingError

DAY = "2026-01-05/store_sales_header.csv"
SALES = "store_sales_header"
Change = Callable[..., None]


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Another contract for one data set: an alias of a column, or a setting."""

    def changed(name: str, alias: tuple[str, str] = ("", ""), **settings: Any) -> None:
        data_sets = load_data_sets()
        columns = tuple(
            replace(column, aliases=(*column.aliases, alias[1]))
            if column.name == alias[0]
            else column
            for column in data_sets[name].columns
        )
        data_set = replace(data_sets[name], columns=columns, **settings)
        module = sys.modules["loyalty_lens.landing.ingest"]  # its package has a function so named
        monkeypatch.setattr(module, "load_data_sets", lambda: data_sets | {name: data_set})

    return changed


def outcomes(report: Any) -> list[str]:
    return [file.outcome for file in report.files]


# --replace ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (DAY, "transaction_id,store_id,transaction_date,total_amount\nT1,S1,2026-01-05,1\n"),
        ("store_sales_line_items.csv.gz", None),
        ("stores.csv", "store_id\nS1\n"),
        ("2026-01-05/stores.csv", "store_id\nS1\n"),
    ],
)
def test_replace_reads_an_unchanged_file_again(shop: Any, path: str, content: str | None) -> None:
    shop.load(path, content or shop.lines("T1"))
    shop.rows("update ops.load_batches set status = 'validated', business_date = date '2026-01-05'")
    (report,) = shop.ingest(replace=1).files
    assert (report.outcome, report.superseded, report.rows_read) == ("loaded", (1,), 1)
    assert report.message == "read again; supersedes batch 1"
    assert shop.statuses() == {1: "superseded", 2: "loaded"}
    assert shop.value("select business_date::text from ops.load_batches where batch_id = 2") == (
        "2026-01-05"  # it arrived when it first arrived
    )
    assert outcomes(shop.ingest()) == ["skipped_same_content"]


def test_replace_does_not_guess_between_an_unchanged_file_and_another_day(shop: Any) -> None:
    shop.load(DAY, shop.headers("T1"))
    shop.put("2026-01-06/store_sales_header.csv", shop.headers("T2"))
    with pytest.raises(LandingError, match=r"more than one .*2026-01-06/.*2026-01-05/"):
        shop.ingest(replace=1)
    shop.ingest()
    assert [file.superseded for file in shop.ingest(replace=1).files] == [(1,), ()]


def test_replace_with_a_reason_to_read_again_takes_no_other_file(shop: Any, change: Change) -> None:
    shop.load("store_sales_header.csv", shop.headers("T1"))
    shop.put("b/store_sales_header.csv", shop.headers("T2"))
    change(SALES, date_order="month_first")
    other, own = shop.ingest(replace=1).files
    assert (other.outcome, other.superseded) == ("loaded", ())
    assert (own.outcome, own.superseded) == ("loaded", (1,))


# datasets.yml changed -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [DAY, "store_sales_header.csv.gz"])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"date_order": "month_first"}, "date_order"),
        ({"decimal_mark": ","}, "decimal_mark"),
        ({"alias": ("currency", "money")}, "money"),
        ({"date_order": "month_first", "decimal_mark": ","}, "date_order, decimal_mark"),
    ],
)
def test_a_file_is_read_again_when_its_reading_changed(
    shop: Any, change: Change, path: str, settings: dict[str, Any], said: str
) -> None:
    names = "transaction_id,store_id,transaction_date,total_amount,money,other\n"
    shop.load(path, names + "T1,S1,03/04/2026,1,EUR,x\n")
    change(SALES, **settings)
    (report,) = shop.ingest().files
    assert (report.outcome, report.superseded) == ("loaded", (1,))
    assert (report.message or "").startswith(
        f"read again, for datasets.yml changed ({said}); supersedes batch 1"
    )
    assert shop.statuses() == {1: "superseded", 2: "loaded"}
    assert outcomes(shop.ingest()) == ["skipped_same_content"]


def test_an_added_alias_fills_its_column(shop: Any, change: Change) -> None:
    shop.load("stores.csv", "store_id,ville\nS1,Lyon\n")
    change("stores", alias=("store_city", "ville"))
    shop.ingest()
    assert shop.rows("select _batch_id, store_city from raw.stores order by 1") == [
        (1, None),
        (2, "Lyon"),
    ]
    assert shop.statuses() == {1: "superseded", 2: "loaded"}


def test_other_data_sets_stay_as_they_are(shop: Any, change: Change) -> None:
    shop.load(DAY, shop.headers("T1"))
    change("stores", date_order="month_first")
    assert outcomes(shop.ingest()) == ["skipped_same_content"]


@pytest.mark.parametrize("copy", ["a/stores.csv", "z/stores.csv"])
def test_copies_are_not_delivered_anew_when_their_original_is_read_again(
    shop: Any, change: Change, copy: str
) -> None:
    shop.load("m/stores.csv", "store_id\nS1\n")
    shop.load(copy, "store_id\nS1\n")
    shop.load("n/stores.csv", "store_id\nS2\n")
    change("stores", date_order="month_first")
    again = {file.path: file.outcome for file in shop.ingest().files}
    assert again == {"m/stores.csv": "loaded", "n/stores.csv": "loaded", copy: again[copy]}
    assert again[copy] == "skipped_same_content"
    assert outcomes(shop.ingest()) == ["skipped_same_content"] * 3


def test_a_file_that_cannot_be_read_the_new_way_keeps_its_batch(shop: Any, change: Change) -> None:
    names = "transaction_id,store_id,transaction_date,total_amount,currency,money\n"
    shop.load(DAY, names + "T1,S1,2026-01-05,1,EUR,EUR\n")
    change(SALES, alias=("currency", "money"))
    for _ in range(2):
        (report,) = shop.ingest().files
        assert report.outcome == "failed"
        assert "currency appears more than once" in (report.message or "")
    assert shop.statuses() == {1: "loaded", report.batch_id: "failed"}
