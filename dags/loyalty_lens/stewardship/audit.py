"""The audit log: who did what on purpose, and why."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.errors import StewardshipError


def given_reason(reason: str) -> str:
    """The reason on one line; StewardshipError where there is none."""
    text = " ".join(reason.split())
    if not text:
        raise StewardshipError("--reason is empty; say why, for whoever reads ops.audit_log")
    return text


def record(
    cursor: Cursor,
    action: str,
    reason: str,
    *,
    data_set: str | None = None,
    batch_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """One entry about a data set or a batch; never a delivered value in `details`."""
    cursor.execute(
        "select ops.write_audit(%s, %s, %s, %s, null, %s)",
        (action, reason, data_set, batch_id, json.dumps(details) if details else None),
    )
