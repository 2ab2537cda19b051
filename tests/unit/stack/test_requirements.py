"""What the image installs is a part of what is tested here: the same versions, the same hashes."""

import re
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"


def _locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Package to its pin with markers, and its hashes."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", (REQUIREMENTS / name).read_text()):
        if match := re.match(r"([a-z0-9][a-z0-9._-]*)(\S*==[^\\\n]+)", entry):
            hashes = frozenset(re.findall(r"sha256:[0-9a-f]{64}", entry))
            found[match[1] + _marker(match[2])] = (match[2].strip(), hashes)
    return found


def _marker(pin: str) -> str:
    return pin.partition(";")[2].strip()


def test_runtime_is_a_part_of_the_one_lock() -> None:
    everything, runtime = _locked("requirements.txt"), _locked("runtime.txt")
    assert len(runtime) > 100
    assert all(hashes for _, hashes in runtime.values())
    assert {name: everything.get(name) for name in runtime} == runtime


def test_image_holds_no_test_tools() -> None:
    names = {name.partition("python")[0] for name in _locked("runtime.txt")}
    assert not names & {"pytest", "ruff", "mypy", "hypothesis", "streamlit", "playwright", "uv"}
    assert {"apache-airflow", "asyncpg", "dbt-postgres", "great-expectations"} <= names


def test_no_lock_names_a_registry() -> None:
    for name in ("requirements.txt", "runtime.txt", "runtime.in", "development.in"):
        assert not re.search(r"https?://|--index|--find-links", (REQUIREMENTS / name).read_text())
