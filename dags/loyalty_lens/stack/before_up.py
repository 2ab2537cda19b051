"""`make up`, before docker-compose: .env is complete, the folders are there, the ports are free."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from loyalty_lens.stack import env_file, folders, ports


def main(compose: list[str]) -> None:
    """Ends with one line for each problem and exit code 1, or silently. `compose`: the command."""
    found = problems(compose)
    if found:
        sys.exit("\n".join(f"make up: {problem}" for problem in found))


def problems(compose: list[str]) -> list[str]:
    """What stands in the way, in the current folder; the first kind of problem alone."""
    path = Path(env_file.NAME)
    if not path.exists():
        return ["there is no .env here: run make env"]
    values = env_file.settings(path)
    wanted = env_file.read(Path(env_file.EXAMPLE)).items()
    missing = [name for name, value in wanted if not value and name not in values]
    if missing:
        return [f".env lacks {', '.join(missing)}: run make env"]
    if wrong := _unusable(values):
        return wrong
    if not _works(compose):
        return [f"`{' '.join(compose)} version` does not work: install Docker with Compose 2"]
    folders.make(values)
    return folders.problems(values) + ports.problems(values, compose)


def _unusable(values: Mapping[str, str]) -> list[str]:
    """Values that would fail later, or run the containers as root."""
    wrong = []
    uid, demo = values.get("AIRFLOW_UID", ""), values.get("LENS_DEMO", "0")
    if not uid.isdecimal() or int(uid) == 0:
        wrong.append(
            f"AIRFLOW_UID is {uid!r} in .env: use your user's number (id -u), not root's 0"
        )
    if demo not in ("0", "1"):
        wrong.append(f"LENS_DEMO is {demo!r} in .env: use 1 (an invented shop) or 0 (your own)")
    return wrong


def _works(compose: list[str]) -> bool:
    try:
        return (
            subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
