"""Speed of taking a flat file apart: `python -m tests.bench.flat --customers 47000`.

Prints, from one run on one embedded server: a bare COPY of the flat file, the headers and lines
landed as two files, the same as one flat file, and the part of that in which batches are made.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from loyalty_lens.landing.deriving import derive
from loyalty_lens.landing.header import read_layout
from loyalty_lens.landing.ingest import ingest
from loyalty_lens.splits import load_splits
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.migrate import migrate
from loyalty_lens.warehouse.server import EmbeddedServer, ServerInfo
from tests.bench import databases
from tests.bench.copying import bare_copy, files_below
from tests.bench.measure import lens, stopwatch, table
from tests.integration.pipeline.test_flat_files import flatten

HEAD_BYTES = 4096


def main() -> None:
    """Reads the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", default="47000", help="of the shop; a million lines")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench_flat_"))
    server = EmbeddedServer(folder / "home")
    try:
        info = server.start()
        sys.stdout.write(measured(folder, info, options.customers) + "\n")
    finally:
        server.destroy()
        shutil.rmtree(folder)


def measured(folder: Path, info: ServerInfo, customers: str) -> str:
    """One row a step: seconds, and how many times a bare COPY of the flat file that is."""
    two, flat = folder / "two", folder / "flat"
    lens(
        *("generate", "--preset", "large", "--customers", customers, "--days", "0"),
        *("--defect-rate", "0", "--out", str(two)),
        environment={},
    )
    flat.mkdir()
    for path in two.rglob("*.csv"):
        if path.name.startswith("store_sales_"):
            shutil.copy(path, flat)
        else:
            path.unlink()
    records = flatten(flat)
    url = databases.make(info, "flat")
    migrate(url)
    (file,) = flat.iterdir()
    bare = bare_copy(url, [file])
    steps = {"two files: bare copy": bare_copy(url, files_below(two))}
    with stopwatch() as seconds:
        ingest(url, two, supersede_limit=Decimal("0.2"))
    steps["two files: ingest"] = seconds[0]
    with stopwatch() as seconds:
        ingest(url, flat, supersede_limit=Decimal("0.2"))
    steps["flat file: ingest"] = seconds[0]
    steps["flat file: of that, making batches"] = _derived(url, file)
    bare = (bare + bare_copy(url, [file])) / 2
    rows: list[list[object]] = [[f"{records:,} records", "s", "x"]]
    rows += [["flat file: bare copy", bare, 1.0]]
    rows += [[step, seconds, seconds / bare] for step, seconds in steps.items()]
    return table(rows)


def _derived(url: str, file: Path) -> float:
    """Seconds of making the batches of the flat file once more; rolled back."""
    split = load_splits()["flat_sales"]
    with file.open("rb") as stream:
        layout = read_layout(stream.read(HEAD_BYTES), split)
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select batch_id from ops.load_batches where status = 'split'")
        (batch_id,) = cursor.fetchone() or (0,)
        with stopwatch() as seconds:
            derive(cursor, split, layout, batch_id)
        connection.rollback()
    return seconds[0]


if __name__ == "__main__":
    main()
