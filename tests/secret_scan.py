"""`make quality`: no file of the repository holds a secret (detect-secrets, against known places).

What is there on purpose (passwords of tests, URLs in examples) is in `.secrets.baseline`, hashed.
`python -m tests.secret_scan --write` renews it, after each has been looked at.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / ".secrets.baseline"
# Hashes of packages and pictures look like keys; rows of sample data are invented.
PASSED_OVER = ("requirements/", "docs/images/", "docs/sample_data/", ".secrets.baseline")

Found = tuple[str, str, str]  # file, kind, hash of the secret


def scan(paths: Iterable[Path], root: Path = ROOT) -> dict[Found, int]:
    """What looks like a secret, with its line. Lines come and go, so the hash tells them apart."""
    found: dict[Found, int] = {}
    with default_settings():
        for path in paths:
            for secret in scan_file(str(path)):
                name = path.relative_to(root).as_posix()
                found[name, secret.type, secret.secret_hash] = secret.line_number
    return found


def tracked() -> list[Path]:
    """Every file that git knows, or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    names = [name for name in listed if name and not name.startswith(PASSED_OVER)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def known() -> set[Found]:
    """What was looked at and is no secret."""
    entries = json.loads(BASELINE.read_text("utf-8"))
    return {(entry["file"], entry["kind"], entry["hash"]) for entry in entries}


def main() -> None:
    """Exit code 1, and a line for each, where something new looks like a secret."""
    found = scan(tracked())
    if "--write" in sys.argv:
        entries = [{"file": f, "kind": k, "hash": h} for f, k, h in sorted(found)]
        BASELINE.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
        return
    new = {key: line for key, line in found.items() if key not in known()}
    for (file, kind, _), line in sorted(new.items()):
        told = "take it out, or renew .secrets.baseline if it is none"
        sys.stderr.write(f"{file}:{line}: {kind}: {told}\n")
    sys.exit(1 if new else 0)


if __name__ == "__main__":
    main()
