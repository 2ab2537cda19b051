"""`make env`: .env from .env.example, every secret that is empty there made up.

A second call changes no value. It adds what is missing, so that an .env of an older version works
with a newer one.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

from loyalty_lens.stack import env_file, folders

IMAGE_UID = 50000  # of the image's own user; root stays outside


def main() -> None:
    """Writes .env in the current folder (mode 600) and makes the folders that it names."""
    path = Path(env_file.NAME)
    is_new = not path.exists()
    try:
        written = write(path, Path(env_file.EXAMPLE))
        folders.make(env_file.settings(path))
    except OSError as error:
        sys.exit(
            f"make env: {error.filename}: {error.strerror}; run it as the owner of this folder"
        )
    if is_new:
        print(f".env written, {len(written)} values made up; keep it, and keep it to yourself")
    elif written:
        print(f".env kept; added what was missing: {', '.join(written)}")
    else:
        print(".env is there and complete: nothing changed (remove it for new secrets)")


def write(path: Path, example: Path) -> list[str]:
    """Writes or completes the file; the names of the values that were made up."""
    wanted = [name for name, value in env_file.read(example).items() if not value]
    text = path.read_text("utf-8") if path.exists() else example.read_text("utf-8")
    lines = text.splitlines()
    present = dict(filter(None, map(env_file.setting, lines)))
    lines += [f"{name}=" for name in wanted if name not in present]
    made_up = []
    for number, line in enumerate(lines):
        name, value = env_file.setting(line) or ("", "")
        if name in wanted and not value:
            lines[number] = f"{name}={generated(name)}"
            made_up.append(name)
    if made_up:
        _replace(path, "\n".join(lines) + "\n")
    return made_up


def generated(name: str) -> str:
    """A value for this setting; of letters and digits, unless its reader wants it otherwise."""
    if name == "AIRFLOW_UID":
        return str(os.getuid() or IMAGE_UID)
    if name == "AIRFLOW_FERNET_KEY":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(16)


def _replace(path: Path, text: str) -> None:
    """At no time readable by others, at no time half-written."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
