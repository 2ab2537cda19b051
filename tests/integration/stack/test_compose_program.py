"""The file as Compose itself reads it, where Compose is installed; no engine is needed for that."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty_lens.stack import env_file, make_env
from tests.unit.stack import compose


def _program() -> list[str] | None:
    """Compose 2 if it is here, else the old docker-compose (which Debian still has)."""
    if shutil.which("docker"):
        command = ["docker", "compose"]
        done = subprocess.run([*command, "version"], capture_output=True, check=False)
        if done.returncode == 0:
            return command
    return ["docker-compose"] if shutil.which("docker-compose") else None


PROGRAM = _program()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Compose is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The file in a folder of its own; the old program lacks one option, which goes for it."""
    text = compose.FILE.read_text()
    if PROGRAM == ["docker-compose"]:
        text = text.replace("      bind: {create_host_path: false}\n", "")
    (tmp_path / "docker-compose.yml").write_text(text)
    return tmp_path


def _config(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`docker compose config`, with no setting of whoever runs the tests."""
    assert PROGRAM
    return subprocess.run(
        [*PROGRAM, *arguments, "config"],
        cwd=project,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_an_env_file_one_line_says_make_env(project: Path) -> None:
    done = _config(project)
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].endswith("run make env"), done.stderr


def test_with_an_env_file_it_reads_what_the_other_tests_read(project: Path) -> None:
    make_env.write(project / ".env", compose.ROOT / ".env.example")
    done = _config(project, "--profile", "smoke")
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)["services"]
    expected = compose.load(env_file.read(project / ".env"))["services"]
    assert found.keys() == expected.keys()
    for name, service in expected.items():
        assert found[name]["image"] == service["image"]
        assert _words(found[name].get("command")) == _words(service.get("command")), name
        assert _words(found[name]["environment"]) == _words(service["environment"]), name
        health = {"test": ["NONE"]}
        test = service.get("healthcheck", health)["test"]
        assert found[name].get("healthcheck", health)["test"] == test, name


def _words(value: Any) -> str:
    """Compose 2 writes numbers as text and a dollar as two."""
    return json.dumps(value, sort_keys=True, default=str).replace("$$", "$")
