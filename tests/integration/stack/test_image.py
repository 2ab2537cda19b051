"""The Dockerfile's steps in a scratch folder: no engine, no network.

The base is a folder in which everything of the lock is installed already (this .venv), so that pip
has nothing to fetch and still has to agree that every pin is met.
"""

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.unit.stack import compose

ROOT = compose.ROOT
AIRFLOW_HOME = "/opt/airflow"


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def _is_ignored(path: str) -> bool:
    """.dockerignore's verdict: the last rule that fits."""
    verdict = False
    for rule in (ROOT / ".dockerignore").read_text().split("\n"):
        pattern = rule.removeprefix("!").removeprefix("**/")
        parents = [path, *(str(parent) for parent in Path(path).parents)]
        names = [*parents, *(Path(each).name for each in parents)] if "**/" in rule else parents
        if rule and not rule.startswith("#") and any(fnmatch.fnmatch(n, pattern) for n in names):
            verdict = not rule.startswith("!")
    return verdict


def _copy(source: str, target: Path) -> None:
    """COPY, as far as the Dockerfile uses it: tracked and new files of a folder, or one file."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists() and not _is_ignored(name):
            place = target / Path(name).relative_to(source if (ROOT / source).is_dir() else ".")
            if not (ROOT / source).is_dir():
                place = target / Path(name).name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands in /opt/airflow after the last step, built as whoever runs the tests."""
    home = tmp_path_factory.mktemp("image") / "opt"
    (home / "logs").mkdir(parents=True)
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home)}
    environment |= {"PIP_NO_INDEX": "1", "SETUPTOOLS_USE_DISTUTILS": "local"}
    for word, rest in _instructions():
        if word == "COPY":
            *sources, target = [part for part in shlex.split(rest) if not part.startswith("--")]
            for source in sources:
                _copy(source, home / target)
        elif word == "ENV":
            for setting in shlex.split(rest):
                name, _, value = setting.partition("=")
                value = value.replace(AIRFLOW_HOME, str(home))
                environment[name] = value.replace("${PATH}", environment["PATH"])
        elif word == "RUN":
            done = subprocess.run(
                ["sh", "-c", rest.replace(AIRFLOW_HOME, str(home))],
                cwd=home,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{rest}\n{done.stdout}{done.stderr}"
            if "-m venv" in rest:
                _stock(home / "venv")
        else:
            assert word in ("ARG", "FROM", "WORKDIR"), word
    (home / "environment.json").write_text(json.dumps(environment))
    return home


def _stock(venv: Path) -> None:
    """Lets the new environment find what is installed here, as if it had been fetched."""
    (packages,) = venv.glob("lib/python*/site-packages")
    installed = sysconfig.get_path("purelib")
    (packages / "stock.pth").write_text(installed + "\n")


def _run(image: Path, *command: str) -> str:
    environment = json.loads((image / "environment.json").read_text())
    program = shutil.which(command[0], path=environment["PATH"])
    done = subprocess.run(
        [program or command[0], *command[1:]],
        cwd=image,
        env={**environment, "AIRFLOW_HOME": str(image)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_base_is_the_official_image_of_the_locked_airflow() -> None:
    base = next(rest for word, rest in _instructions() if word == "ARG")
    locked = re.search(
        r"(?m)^apache-airflow==(\S+)", (ROOT / "requirements/runtime.txt").read_text()
    )
    assert locked and base == f"AIRFLOW_IMAGE=apache/airflow:slim-{locked[1]}-python3.11"
    argument = compose.load(dict.fromkeys(compose.variables(), "x") | {"AIRFLOW_IMAGE": ""})
    assert argument["services"]["init"]["build"]["args"] == {
        "AIRFLOW_IMAGE": base.partition("=")[2]
    }


def test_nothing_is_installed_as_root_or_without_its_hash() -> None:
    assert "USER" not in [word for word, _ in _instructions()]  # stays the base's own
    installs = [rest for word, rest in _instructions() if word == "RUN" and " install " in rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0] and "runtime.txt" in installs[0]
    assert "--no-build-isolation" in installs[1]  # or pip would fetch a setuptools of its own


def test_image_has_the_commands_of_the_compose_file(image: Path) -> None:
    place = _run(image, "python", "-c", "import loyalty_lens as l; print(l.__file__)").strip()
    assert Path(place).is_relative_to(image / "project")  # not a folder that is called the same
    assert "Usage: lens" in _run(image, "lens", "--help")
    assert "again-after-first-run" in _run(
        image, "python", "-m", "loyalty_lens.cli.main", "metabase", "push", "--help"
    )
    for module in ("init", "api_server", "smoke"):
        _run(image, "python", "-c", f"import loyalty_lens.stack.{module}")


def test_image_holds_what_the_pipeline_reads_and_nothing_else(image: Path) -> None:
    project = image / "project"
    assert {path.name for path in project.iterdir() if not path.name.endswith(".egg-info")} == {
        *("dags", "dbt_project", "great_expectations", "metabase", "seeds_generator"),
        *("pyproject.toml", "requirements"),
    }
    assert (project / "dags" / "loyalty_daily.py").exists()
    assert (project / "dbt_project" / "dbt_project.yml").exists()
    assert not list(project.rglob(".env*"))


def test_what_a_run_writes_is_open_to_the_group(image: Path) -> None:
    for folder in (image, image / "lens", image / "logs"):
        assert folder.stat().st_mode & 0o070 == 0o070
    for path in (image / "project").rglob("*"):
        assert path.stat().st_mode & 0o040, path


@pytest.mark.parametrize("name", [".env", ".git/config", ".lens/server.json", "tests/conftest.py"])
def test_secrets_and_tests_stay_out_of_the_build(name: str) -> None:
    assert _is_ignored(name)
    assert not _is_ignored("dags/loyalty_lens/settings.py")
    assert _is_ignored("dbt_project/target/manifest.json")
