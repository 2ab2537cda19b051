"""What the pages name is there: links, tables, columns, tests; and what is made is current."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import yaml

from loyalty_lens.alerts.alert import Kind
from loyalty_lens.datasets import load_data_sets
from loyalty_lens.documents.dictionary import dictionary
from loyalty_lens.documents.project import freshness, tables
from loyalty_lens.documents.relations import PAGE, page
from loyalty_lens.settings import PROJECT_ROOT
from tests.documents.slides import SOURCE, render, slides

DOCS = PROJECT_ROOT / "docs"
SHEET, SCHEMA = DOCS / "data_product.yml", DOCS / "data_product.schema.json"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    return [PROJECT_ROOT / name for name in listed.stdout.split()]


def anchors(text: str) -> set[str]:
    """As the pages' host makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for found in LINK.finditer(without_code(path.read_text("utf-8"))):
        target = found[1] or found[2]
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = (path.parent / name).resolve() if name else path
        if not place.exists() or (
            anchor and place.suffix == ".md" and anchor not in anchors(place.read_text("utf-8"))
        ):
            dead.append(target)
    assert dead == []


def test_a_dead_link_is_seen() -> None:
    assert LINK.findall("[a](b.md) ![c](d.png)") == [("b.md", ""), ("", "d.png")]
    assert anchors("# From a file to a balance\n## `lens` & co") == {
        "from-a-file-to-a-balance",
        "lens--co",
    }


def test_every_requirement_names_a_test_and_a_page_that_are_there() -> None:
    rows = re.findall(
        r"^\| (?!requirement|---)(.+) \|$", (DOCS / "requirements.md").read_text(), re.M
    )
    assert len(rows) >= 25
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.(?:py|sql))`", row)
        assert named, row
        assert [name for name in named if not (PROJECT_ROOT / name).exists()] == []


def test_slides_are_twelve_and_name_what_is_there(tmp_path: Path) -> None:
    text = SOURCE.read_text("utf-8")
    assert len(slides(text)) == 12
    named = re.findall(r"`((?:tests|docs|dbt_project)/[\w./]*)`", text)
    assert len(named) > 8
    assert [name for name in named if not (PROJECT_ROOT / name).exists()] == []
    render(SOURCE, tmp_path / "slides.pdf")
    for pdf in (tmp_path / "slides.pdf", SOURCE.with_suffix(".pdf")):
        content = pdf.read_bytes()
        assert content.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", content)) == 12


def test_metrics_name_columns_that_are_there() -> None:
    known = {
        f"{table.layer}.{table.name}.{column.name}"
        for table in tables()
        for column in table.columns
    }
    named = re.findall(r"`(marts\.\w+\.\w+)`", (DOCS / "metrics.md").read_text())
    assert len(named) > 20
    assert set(named) - known == set()


def test_the_sheet_of_the_product_follows_its_schema_and_the_project() -> None:
    sheet = yaml.safe_load(SHEET.read_text("utf-8"))
    jsonschema.validate(sheet, json.loads(SCHEMA.read_text("utf-8")))
    data_sets = load_data_sets()
    assert {entry["data_set"]: entry["delivery"] for entry in sheet["inputs"]} == {
        name: data_set.delivery for name, data_set in data_sets.items()
    }
    marts = {f"marts.{table.name}" for table in tables() if table.layer == "marts"}
    assert {entry["table"] for entry in sheet["outputs"]} <= marts
    assert {entry["data_set"]: entry["may_be_old"] for entry in sheet["quality"]} == freshness()
    tabs = {tab for table in tables() for tab in table.consumers}
    assert tabs <= {entry["name"] for entry in sheet["consumers"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**sheet, "owners": []}, json.loads(SCHEMA.read_text("utf-8")))


def test_the_diagram_shows_every_reference_that_is_tested() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text, "make relations"
    assert text.count(" ||--o{ ") > 30


def test_the_dictionary_has_every_table_and_column() -> None:
    text = dictionary()
    assert len(tables()) > 100
    for table in tables():
        assert f"#### {table.layer}.{table.name}\n" in text
        for column in table.columns:
            assert column.description, (table.name, column.name)
    assert "| email | text | contact |" in text
    assert "Read by Loyalty Lens: Overview" in text
    assert "| store_sales_header | 1 days old |" in text


def test_the_runbook_explains_every_kind_of_alert() -> None:
    text = (DOCS / "runbook.md").read_text("utf-8")
    assert [kind for kind in Kind.__args__ if f"| `{kind}` |" not in text] == []
