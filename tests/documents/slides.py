"""Renders docs/slides.md to docs/slides.pdf with chromium: one page a slide. `make slides`."""

import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from loyalty_lens.settings import PROJECT_ROOT
from tests.dashboards.browser import launched

SOURCE = PROJECT_ROOT / "docs" / "slides.md"
BREAK = "\n---\n"
STYLE = """
@page{size:13.333in 7.5in;margin:0}
body{margin:0;font:24px/1.4 system-ui,'DejaVu Sans',sans-serif;color:#1d2733}
section{width:13.333in;height:7.5in;box-sizing:border-box;padding:.7in 1in;overflow:hidden;
  page-break-after:always}
section:last-child{page-break-after:auto}
h1{font-size:64px;margin:1.6in 0 .3in;color:#0b5}h2{font-size:40px;margin:0 0 .35in;color:#0b5}
li{margin:.12in 0}code{font-size:.85em;background:#eef2f5;padding:.02in .07in}
table{border-collapse:collapse;width:100%;font-size:21px}
td,th{text-align:left;padding:.07in .15in .07in 0;border-bottom:1px solid #d5dde4}
"""


def slides(text: str) -> list[str]:
    """Each slide's Markdown."""
    return [slide.strip() for slide in text.split(BREAK)]


def render(source: Path, target: Path) -> None:
    """Writes the PDF."""
    markdown = MarkdownIt().enable("table")
    pages = [markdown.render(slide) for slide in slides(source.read_text("utf-8"))]
    body = "".join(f"<section>{page}</section>" for page in pages)
    html = f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}"
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        page = browser.new_page()
        file = Path(folder) / "slides.html"
        file.write_text(html, "utf-8")
        page.goto(file.as_uri())
        page.pdf(path=target, prefer_css_page_size=True, print_background=True)


if __name__ == "__main__":
    render(SOURCE, SOURCE.with_suffix(".pdf"))
    sys.stdout.write("docs/slides.pdf\n")
