"""The dashboards in dbt's lineage: each tab an exposure, with the marts that its cards read.

`python -m metabase.definition.exposures` writes the file anew; a test holds it against the cards.
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from metabase.definition.board import Dashboard, Definition, Tab
from metabase.definition.read import FOLDER, read_definition

PATH = FOLDER.parent / "dbt_project" / "models" / "marts" / "_dashboards__exposures.yml"
HEAD = """\
# Written by `make exposures` from metabase/: change the cards, not this file.
"""


class _Indented(yaml.SafeDumper):
    """Lists stand indented below their key, as in all YAML files here."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def exposures(definition: Definition) -> str:
    """The text of the file: one exposure a tab, its marts in alphabetical order."""
    content = {
        "version": 2,
        "exposures": [
            _exposure(definition, dashboard, tab)
            for dashboard in definition.dashboards
            for tab in dashboard.tabs
        ],
    }
    return HEAD + yaml.dump(content, Dumper=_Indented, sort_keys=False, width=96)


def _exposure(definition: Definition, dashboard: Dashboard, tab: Tab) -> dict[str, Any]:
    keys = tab.card_keys()
    marts = {mart for key in keys for mart in definition.cards[key].marts}
    heading = next(item.heading for row in tab.rows for item in row.items if item.heading)
    return {
        "name": f"{dashboard.key}_{_name(tab.name)}",
        "label": f"{dashboard.name}: {tab.name}",
        "type": "dashboard",
        "maturity": "high",
        "description": f"{heading}. {len(keys)} cards, in Metabase and in the preview.",
        "owner": {"name": dashboard.name},
        "depends_on": [f"ref('{mart}')" for mart in sorted(marts)],
    }


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def main(path: Path = PATH) -> None:
    """Writes the file and says where."""
    path.write_text(exposures(read_definition()), "utf-8")
    sys.stdout.write(f"{path.relative_to(FOLDER.parent)}\n")


if __name__ == "__main__":
    main()
