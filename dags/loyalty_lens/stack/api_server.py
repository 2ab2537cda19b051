"""Airflow's API server, which logs in nobody but the user of .env with the password from there.

Airflow's simple auth manager reads passwords from a file; it lives in this container alone.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path


def main() -> None:
    """Writes the file, forgets the password and becomes `airflow api-server`."""
    try:
        write_passwords(os.environ)
    except KeyError as missing:
        sys.exit(f"api-server: {missing.args[0]} is not set: docker-compose.yml sets it from .env")
    del os.environ["AIRFLOW_PASSWORD"]
    os.execvp("airflow", ["airflow", "api-server"])  # noqa: S606  (PATH is the image's)


def write_passwords(environment: Mapping[str, str]) -> None:
    """One user, one password, readable by nobody else."""
    path = Path(environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    passwords = {environment["AIRFLOW_USER"]: environment["AIRFLOW_PASSWORD"]}
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(passwords, file)


if __name__ == "__main__":
    main()
