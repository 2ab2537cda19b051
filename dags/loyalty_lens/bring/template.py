"""A CSV to fill in: an explanation of each column, the header row, and two example rows."""

import csv
import io
from pathlib import Path

from loyalty_lens.datasets import Column, DataSet
from loyalty_lens.errors import SettingsError

KINDS = {
    "id": "a number or code",
    "text": "text",
    "number": "a number such as 12.50",
    "integer": "a whole number",
    "date": "a date such as 2026-01-05 or 05/01/2026",
    "timestamp": "a date, with or without the time, such as 2026-01-05 10:15:00",
    "boolean": "yes or no",
    "phone": "a telephone number",
    "weekdays": "days of the week",
}
SWAPPED = {
    ("number", ","): "a number such as 12,50",
    ("date", "month_first"): "a date such as 2026-01-05 or 01/05/2026",
}


def template(data_set: DataSet) -> str:
    """The template as text; it can be loaded as it is.

    Lines that begin with "# " explain; the loader passes over them as long as they stand above the
    header row. The examples of all data sets fit together.
    """
    what = data_set.description or f"one row per {', '.join(data_set.key)}"
    needed = ", ".join(data_set.required)
    comments = [
        f"{data_set.name}: {what}. Put your rows in place of the two examples.",
        'Lines that begin with "# " above the header row are not loaded.',
        f"Needed: {needed}.",
        "Every other column may be left out; columns of your own are kept.",
        *(f"{column.name}: {explained(column, data_set)}" for column in data_set.columns),
    ]
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(data_set.column_names)
    for place in (0, 1):
        writer.writerow(_written(column.example[place], data_set) for column in data_set.columns)
    return "".join(f"# {line}\n" for line in comments) + rows.getvalue()


def explained(column: Column, data_set: DataSet) -> str:
    """What belongs into the column, in one line."""
    order = data_set.decimal_mark if column.type == "number" else data_set.date_order
    kind = SWAPPED.get((column.type, order), KINDS[column.type])
    parts = [f"{column.description}; {kind}" if column.description else kind]
    if column.name in data_set.required:
        parts.append("needed")
    if column.aliases:
        parts.append(f"may also be called {', '.join(column.aliases)}")
    return "; ".join(parts)


def write_templates(data_sets: list[DataSet], folder: Path) -> list[Path]:
    """One file per data set below `folder`; SettingsError, and nothing written, if one is there."""
    paths = {data_set.name: folder / f"{data_set.files[0]}.csv" for data_set in data_sets}
    for path in paths.values():
        if path.exists():
            raise SettingsError(f"{path} exists and is not overwritten; name another folder: --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for data_set in data_sets:
            with paths[data_set.name].open("x", encoding="utf-8", newline="") as file:
                file.write(template(data_set))
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder}: {error.strerror}; choose another folder: --out"
        ) from None
    return list(paths.values())


def _written(example: str, data_set: DataSet) -> str:
    """The example as the data set's files write it: amounts of the contract have a point."""
    is_amount = data_set.decimal_mark == "," and example.replace(".", "", 1).isdigit()
    return example.replace(".", ",") if is_amount else example
