"""The system user that the embedded server runs as, and the way to its folders.

PostgreSQL refuses to run as root. Started by root, the server runs as a system user; anybody else
runs it as himself.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loyalty_lens.errors import SettingsError, WarehouseError

SETTING = "LENS_SYSTEM_USER"
SYSTEM_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Who the server runs as; `is_other` says that this is not the user of this process."""

    name: str
    uid: int
    gid: int
    is_other: bool

    @property
    def as_arguments(self) -> dict[str, object]:
        """Keyword arguments of `subprocess.run` that start a program as this user."""
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}


def server_account(home: Path, data: Path, environment: Mapping[str, str] | None = None) -> Account:
    """The account for the server under `home` whose data lie (or will lie) in `data`.

    For root: the owner of the data, else LENS_SYSTEM_USER, else the owner of `home` if that is an
    ordinary user, else `postgres`, else `nobody`. Raises SettingsError for an unknown user,
    WarehouseError where the data belong to somebody else.
    """
    owner = owner_of(data)
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise WarehouseError(
                f"{data} belongs to {user_name(owner)}, not to {user_name(os.geteuid())}:"
                " set LENS_HOME to a folder of your own"
            )
        return Account(user_name(os.geteuid()), os.geteuid(), os.getegid(), is_other=False)
    if owner is not None and owner != 0:
        return _account(owner)
    wanted = (os.environ if environment is None else environment).get(SETTING, "").strip()
    if wanted:
        return _named(wanted)
    home_owner = owner_of(home)
    if home_owner and _is_known(home_owner):
        return _account(home_owner)
    for name in SYSTEM_USERS:
        try:
            return _named(name)
        except SettingsError:
            continue
    raise SettingsError(f"root cannot run PostgreSQL: name an ordinary user in {SETTING}")


def owner_of(path: Path) -> int | None:
    """The uid that owns `path`; None if there is nothing."""
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return None


def user_name(uid: int | None) -> str:
    """The user's name, else its number."""
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"user {uid}"


def open_way(folders: Iterable[Path], account: Account) -> None:
    """Lets `account` walk to `folders`: adds the search bit (o+x) where it is missing.

    Raises WarehouseError where a folder stays shut.
    """
    if not account.is_other:
        return
    for folder in folders:
        for parent in sorted({*folder.absolute().parents, *folder.resolve().parents}):
            if _may_search(parent, account):
                continue
            try:
                parent.chmod(stat.S_IMODE(parent.stat().st_mode) | stat.S_IXOTH)
            except OSError as error:
                reason = error.strerror
            else:
                reason = "its group is shut out"
            if not _may_search(parent, account):
                raise WarehouseError(
                    f"{parent}: user {account.name} may not pass ({reason});"
                    f" set LENS_HOME to another folder or {SETTING} to another user"
                )


def _may_search(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise SettingsError(f"{SETTING} is {name!r}: there is no such user") from None
    if entry.pw_uid == 0:
        raise SettingsError(f"{SETTING} is {name!r}: PostgreSQL does not run as root")
    return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)


def _account(uid: int) -> Account:
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:
        gid = uid
    return Account(user_name(uid), uid, gid, is_other=True)


def _is_known(uid: int) -> bool:
    try:
        grp.getgrgid(pwd.getpwuid(uid).pw_gid)
    except KeyError:
        return False
    return True
