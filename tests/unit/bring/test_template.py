"""Templates: written once, explained column by column, and readable as they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_lens.bring.template import template, write_templates
from loyalty_lens.datasets import DataSet
from loyalty_lens.errors import SettingsError
from loyalty_lens.landing.header import read_layout
from loyalty_lens.splits import load_layouts

DATA_SETS = load_layouts()


@pytest.mark.parametrize("data_set", DATA_SETS.values(), ids=list(DATA_SETS))
def test_a_template_explains_each_column_and_reads_as_its_data_set(data_set: DataSet) -> None:
    text = template(data_set)
    layout = read_layout(text.encode(), data_set)
    assert layout.fields == data_set.column_names
    assert layout.extra == ()
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    for column in data_set.columns:
        (explained,) = [line for line in comments if line.startswith(f"# {column.name}: ")]
        assert ("needed" in explained) == column.required
    rows = text[layout.offset :].splitlines()
    assert layout.first_line == len(comments) + 2
    assert len(rows) == 2
    assert not any(row.startswith("#") for row in rows)


def test_aliases_are_told_and_decimal_commas_used() -> None:
    products = DATA_SETS["products"]
    column = replace(products.columns[3], aliases=("price", "prijs"))
    data_set = replace(products, columns=(products.columns[0], column), decimal_mark=",")
    text = template(data_set)
    assert "a number such as 12,50; may also be called price, prijs" in text
    assert text.endswith('product_id,unit_price\nP001,"8,90"\nP002,"12,50"\n')


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("mine")
    with pytest.raises(SettingsError, match=r"products\.csv exists and is not overwritten"):
        write_templates(list(DATA_SETS.values()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["products.csv"]
    assert (tmp_path / "products.csv").read_text() == "mine"
    with pytest.raises(SettingsError, match=r"Not a directory|File exists"):
        write_templates([DATA_SETS["stores"]], tmp_path / "products.csv")
