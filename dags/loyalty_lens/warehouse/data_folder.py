"""The embedded server's data folder: made once, by one major version of PostgreSQL."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse.account import Account
from loyalty_lens.warehouse.binaries import Binaries, last_line, run


def initialise(
    data: Path, binaries: Binaries, account: Account, user: str, password: str, *, sync: bool = True
) -> None:
    """Makes `data` for `account`, with the role `user` as its owner; raises WarehouseError.

    Under another name first, so that a killed start leaves no half of one. The password file lies
    two folders up, where only the caller may write.
    """
    folder, home = data.parent, data.parent.parent
    unfinished = folder / "data.unfinished"
    for leftover in (unfinished, data):
        if leftover.exists():
            shutil.rmtree(leftover)
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor, password_file = tempfile.mkstemp(prefix="password.", dir=home)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(password)
            if account.is_other:
                os.chown(folder, account.uid, account.gid)
                os.fchown(descriptor, account.uid, account.gid)
        # The provider `builtin` came with 17: its C.UTF-8 is the same on every system.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        answer = run(
            [str(binaries.path("initdb")), f"--pgdata={unfinished}", "--encoding=UTF8"]
            + (locale if binaries.major >= 17 else ["--locale=C.UTF-8"])
            + ([] if sync else ["--no-sync"])
            + [f"--username={user}", "--auth=scram-sha-256", f"--pwfile={password_file}"],
            account.as_arguments,
        )
    finally:
        Path(password_file).unlink()
    if answer.returncode:
        reasons = re.findall(r"(?:error|FATAL|PANIC):\s*(.+)", answer.stderr)
        reason = reasons[-1] if reasons else last_line(answer.stderr)
        raise WarehouseError(f"{data}: the database cannot be made: {reason}")
    unfinished.rename(data)


def check_version(data: Path, binaries: Binaries) -> None:
    """Raises WarehouseError where another major version made `data`."""
    made_by = (data / "PG_VERSION").read_text("ascii").strip()
    if made_by != str(binaries.major):
        raise WarehouseError(
            f"{data} was made by PostgreSQL {made_by}, this is {binaries.major}:"
            " install the release that made it, or lens reset and load the files again"
        )
