"""Who was erased, in a list beside the backups: a backup from before does not know of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from loyalty_lens.campaigns.files import new_file
from loyalty_lens.errors import CampaignError, PrivacyError
from loyalty_lens.privacy.erasure import certify, erase_all
from loyalty_lens.warehouse.connection import connected

REASON = "erased on {day}; a backup from before was restored"


def list_of(folder: Path, database: str) -> Path:
    """Where the list of a database's erasures lies: a line for each, its key and when."""
    return folder / f"{database}_erased.jsonl"


def keep_list(url: str, path: Path) -> None:
    """Adds to the list whom `ops.erasures` names; it is never made shorter.

    Raises PrivacyError where it cannot be read or written.
    """
    try:
        listed = read_list(path)
        with connected(url) as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass('ops.erasures') is not null")
            if cursor.fetchone() != (True,):
                return
            cursor.execute("select customer_id, cast(erased_at as text) from ops.erasures")
            known = dict(cursor.fetchall())
        both = listed | {key: max(at, listed.get(key, "")) for key, at in known.items()}
        if both == listed:
            return
        lines = [
            json.dumps({"customer_id": key, "erased_at": at}) + "\n" for key, at in both.items()
        ]
        with new_file(path, mark=b"") as file:
            file.stream.write("".join(lines).encode())
            file.keep()
    except (OSError, CampaignError) as error:
        raise PrivacyError(
            f"{error}; without this list the restore of an older backup brings back who was"
            " erased: set LENS_BACKUPS, then lens backup"
        ) from error


def read_lists(paths: Sequence[Path]) -> dict[str, str]:
    """All of them as one: the last time counts. Raises PrivacyError."""
    found: dict[str, str] = {}
    for path in paths:
        for key, at in read_list(path).items():
            found[key] = max(at, found.get(key, ""))
    return found


def read_list(path: Path) -> dict[str, str]:
    """When each customer was erased, by key; empty where there is no list. Raises PrivacyError."""
    if not path.exists():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        return {str(row["customer_id"]): str(row["erased_at"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        raise PrivacyError(f"{path} is damaged: it says who was erased; put it back") from None


def erase_again(url: str, listed: Mapping[str, str], session: Mapping[str, str]) -> int:
    """Erases whom the list names and the warehouse, or what it holds by now, does not; how many.

    One transaction. Somebody of whom nothing is held is noted, so that no later file brings them.
    `session`: as `erase`.
    """
    with connected(url, parameters=session) as connection, connection.cursor() as cursor:
        cursor.execute("select customer_id, cast(erased_at as text) from ops.erasures")
        known = dict(cursor.fetchall())
        missing = {key: at for key, at in listed.items() if known.get(key, "") < at}
        for key, at in sorted(missing.items()):
            rows = erase_all(cursor, [key])
            certify(cursor, key, REASON.format(day=at[:10]), rows, ())
    return len(missing)
