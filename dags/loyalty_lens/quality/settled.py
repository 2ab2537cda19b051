"""Whether all is judged and would be judged so again: then the gate has nothing to do.

Rejects are judged again in each run, for what they waited for may have come. Where nothing that a
judgement reads has changed since one that changed nothing, it would say the same (decision 0047).
"""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.datasets import CONTRACT, load_data_sets
from loyalty_lens.warehouse.rows import WRITTEN

LAYER = "gate"  # of ops.standing_layers
HERE = Path(__file__).parent
CODE = ("*.py", "facts/**/*.sql")
RULES = "**/*.yml"
TABLES = (
    *("ops.load_batches", "ops.duplicates"),
    *("judge.known_tables", "judge.known_batches", "judge.returns_to_review"),
)
DEFINITIONS = """
(
    select md5(string_agg(prosrc, ';' order by cast(oid as regprocedure)::text))
    from pg_proc where pronamespace = cast('ops' as regnamespace)
),
(
    select md5(string_agg(pg_get_viewdef(oid), ';' order by cast(oid as regclass)::text))
    from pg_class
    where
        relkind = 'v'
        and (
            relnamespace = cast('accepted' as regnamespace)
            or relnamespace = cast('judge' as regnamespace) and relname like 'live\\_%'
        )
),
current_setting('server_version')
"""


def state_of(cursor: Cursor, suites: Path, parameters: Sequence[str | None]) -> str:
    """One text for all that a judgement follows from, equal where all of it is.

    The rows of batches, rejects and duplicates, and what is remembered of judged rows (rows of raw
    never change, but where a person is erased: `forget`); functions and views; the rules below
    `suites`, the contract, our own code; and `parameters`, the settings that it asks for.
    """
    tables = [*TABLES, *(f"reject.{name}" for name in load_data_sets())]
    rows = sql.SQL(", ").join(
        sql.SQL(WRITTEN).format(sql.Identifier(*table.split("."))) for table in tables
    )
    cursor.execute(sql.SQL("select concat_ws(' ', {}, {})").format(rows, sql.SQL(DEFINITIONS)))
    (found,) = cursor.fetchone() or ("",)
    digest = hashlib.sha256(found.encode())
    for path in _files(suites):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    digest.update(json.dumps(parameters).encode())
    digest.update(version("great_expectations").encode())
    return digest.hexdigest()


def is_settled(cursor: Cursor, state: str) -> bool:
    """Whether a validation in this very state changed nothing, and no batch is to be judged."""
    cursor.execute(
        "select exists (select from ops.standing_layers where layer = %s and fingerprint = %s)"
        " and not exists (select from ops.load_batches where status = 'loaded')",
        (LAYER, state),
    )
    return cursor.fetchone() == (True,)


def remember(cursor: Cursor, state: str) -> None:
    """Notes that a validation that began in this state has left it as it was."""
    cursor.execute(
        "insert into ops.standing_layers (layer, fingerprint, nodes) values (%s, %s, '[]')"
        " on conflict (layer) do update set fingerprint = excluded.fingerprint,"
        " built_at = clock_timestamp()",
        (LAYER, state),
    )


def forget(cursor: Cursor) -> None:
    """What was delivered has changed: the next validation judges again."""
    cursor.execute("delete from ops.standing_layers where layer = %s", (LAYER,))


def _files(suites: Path) -> list[Path]:
    code = (path for pattern in CODE for path in HERE.glob(pattern))
    return [CONTRACT, *sorted(code), *sorted(suites.glob(RULES))]
