"""How tables relate, as a diagram: each line is a relationships test that every full check runs.

`python -m loyalty_lens.documents.relations` writes it into docs/er_diagram.md; a test holds that
against the project.
"""

import re
import sys

from loyalty_lens.documents.project import tables
from loyalty_lens.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "er_diagram.md"
BEGIN = "<!-- from here on made by `make relations` -->"
END = "<!-- to here -->"


def diagram() -> str:
    """Mermaid: the table that is referred to, and those that refer to it."""
    lines = sorted(
        {
            f'    {column.refers_to[0].upper()} ||--o{{ {table.name.upper()} : "{column.name}"'
            for table in tables()
            for column in table.columns
            if column.refers_to
        }
    )
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def page(text: str) -> str:
    """The page with its made part as it should be now; added at the end where there is none."""
    made = f"{BEGIN}\n\n{diagram()}\n\n{END}"
    if BEGIN not in text:
        return f"{text.rstrip()}\n\n## Every reference that is tested\n\n{made}\n"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: made, text, flags=re.DOTALL)


def main() -> None:
    """Writes the page anew."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{PAGE.relative_to(PROJECT_ROOT)}\n")


if __name__ == "__main__":
    main()
