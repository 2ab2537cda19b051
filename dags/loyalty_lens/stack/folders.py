"""The folders of this machine that the containers see, owned by the user whom they run as."""

import os
from collections.abc import Mapping
from pathlib import Path

LANDING = ("LENS_LANDING", "landing")
WRITTEN = (
    ("LENS_DEMO_LANDING", "demo_files"),
    ("LENS_EXPORTS", "exports"),
    ("LENS_BACKUPS", "backups"),
)


def make(values: Mapping[str, str]) -> None:
    """Makes what is missing; a folder that is there keeps its owner."""
    for name, default in (LANDING, *WRITTEN):
        folder = _folder(values, name, default)
        if not folder.exists():
            folder.mkdir(parents=True)
            if os.getuid() == 0:
                os.chown(folder, int(values["AIRFLOW_UID"]), 0)


def problems(values: Mapping[str, str]) -> list[str]:
    """One line for each folder that the containers could not write to."""
    owner = int(values["AIRFLOW_UID"])
    found = []
    for name, default in WRITTEN:
        folder = _folder(values, name, default)
        if folder.stat().st_uid != owner:
            found.append(
                f"folder {folder} ({name}) belongs to user {folder.stat().st_uid}, the containers"
                f" run as {owner} (AIRFLOW_UID): sudo chown -R {owner} {folder}"
            )
    return found


def _folder(values: Mapping[str, str], name: str, default: str) -> Path:
    return Path(values.get(name, default)).expanduser()  # as docker-compose reads ~
