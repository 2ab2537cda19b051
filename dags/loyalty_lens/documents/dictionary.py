"""The data dictionary: every table and column, who owns and who reads it, how fresh data are."""

from collections.abc import Iterator
from itertools import groupby

from loyalty_lens.documents.project import LAYERS, OWNER, Table, freshness, tables

LAYER_TEXTS = {
    "staging": "One view a data set: renamed, typed, trimmed; accepted rows alone",
    "clean": "Conformed and deduplicated, keys resolved; and the seeds that steer the marts",
    "marts": "Joins and metrics: what dashboards and other systems read",
}


def dictionary() -> str:
    """The page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield f"Owner of every table: {OWNER}. Made from the dbt project by `lens docs dictionary`."
    yield ""
    yield "## How fresh"
    yield ""
    yield "Marts are as fresh as the last certified run (`marts.data_status`). Delivered data:"
    yield ""
    yield "| data set | may be |"
    yield "|---|---|"
    for data_set, age in freshness().items():
        yield f"| {data_set} | {age} old |" if "day" in age else f"| {data_set} | {age} |"
    for layer in LAYERS:
        yield ""
        yield f"## {layer}"
        yield ""
        yield f"{LAYER_TEXTS[layer]}."
        of_layer = [table for table in tables() if table.layer == layer]
        for folder, of_folder in groupby(of_layer, key=lambda table: table.folder):
            if folder:
                yield ""
                yield f"### {layer}: {folder}"
            for table in of_folder:
                yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"#### {table.layer}.{table.name}"
    yield ""
    yield table.description
    yield ""
    if table.key:
        yield f"Key: {', '.join(table.key)}."
        yield ""
    if table.consumers:
        yield f"Read by {'; '.join(table.consumers)}."
        yield ""
    if table.columns:
        yield "| column | type | personal | meaning |"
        yield "|---|---|---|---|"
    for column in table.columns:
        meaning = column.description.replace("|", "\\|")
        if column.refers_to:
            meaning += f" (→ {'.'.join(column.refers_to)})"
        personal = "" if column.classification in ("", "none") else column.classification
        key = " (key)" if column.is_unique else ""
        yield f"| {column.name}{key} | {column.data_type} | {personal} | {meaning} |"
