"""`make env` and what `make up` does before and after docker-compose, as a user runs them."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from loyalty_lens.stack import addresses, env_file, folders, make_env, ports
from tests.unit.stack.compose import ROOT

# Compose is not there in most tests: a program that knows a version and publishes nothing.
COMPOSE = [sys.executable, "-c", "import sys; sys.exit(sys.argv[1:] != ['version'])"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone of the project, as far as `make env` looks at it."""
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


def _run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The way the Makefile runs it: the standard library alone, not one installed package."""
    return subprocess.run(
        [sys.executable, "-S", "-m", f"loyalty_lens.stack.{module}", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "dags"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def _values(folder: Path) -> dict[str, str]:
    return env_file.read(folder / ".env")


def test_make_env_writes_secrets_that_only_the_owner_reads(folder: Path) -> None:
    done = _run(folder, "make_env")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    values = _values(folder)
    assert all(values.values())
    made_up = {
        name: values[name]
        for name, value in env_file.read(folder / ".env.example").items()
        if not value
    }
    secrets = {name: value for name, value in made_up.items() if name != "AIRFLOW_UID"}
    assert len(set(secrets.values())) == len(secrets) == 12
    assert all(len(value) >= 32 for value in secrets.values())
    assert not [value for value in secrets.values() if value in done.stdout + done.stderr]
    assert all(re.fullmatch("[A-Za-z0-9_=-]+", value) for value in secrets.values())


def test_a_second_make_env_changes_nothing(folder: Path) -> None:
    _run(folder, "make_env")
    before = (folder / ".env").read_bytes()
    done = _run(folder, "make_env")
    assert done.returncode == 0
    assert "nothing changed" in done.stdout
    assert (folder / ".env").read_bytes() == before


def test_make_env_adds_what_an_older_env_file_lacks_and_keeps_the_rest(folder: Path) -> None:
    (folder / ".env").write_text("AIRFLOW_PASSWORD=mine\nMETABASE_PORT=3333\nLENS_BI_PASSWORD=\n")
    done = _run(folder, "make_env")
    assert "added what was missing" in done.stdout and "WAREHOUSE_PASSWORD" in done.stdout
    values = _values(folder)
    assert (values["AIRFLOW_PASSWORD"], values["METABASE_PORT"]) == ("mine", "3333")
    assert values["LENS_BI_PASSWORD"] and values["AIRFLOW_FERNET_KEY"]
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("line", "value"),
    [("export WAREHOUSE_PASSWORD=mine", "mine"), (" WAREHOUSE_PASSWORD = mine", "mine")],
)
def test_make_env_keeps_a_secret_however_its_line_is_written(
    folder: Path, line: str, value: str
) -> None:
    """Docker Compose and a shell take the last line of a name: a second one would win."""
    (folder / ".env").write_text(f"{line}\n")
    _run(folder, "make_env")
    assert _values(folder)["WAREHOUSE_PASSWORD"] == value


@pytest.mark.parametrize("empty", ["''", '""', " "])
def test_make_env_fills_what_make_up_takes_for_empty(folder: Path, empty: str) -> None:
    (folder / ".env").write_text(f"WAREHOUSE_PASSWORD={empty}\n")
    _run(folder, "make_env")
    assert len(_values(folder)["WAREHOUSE_PASSWORD"]) >= 32
    assert (folder / ".env").read_text().count("WAREHOUSE_PASSWORD=") == 1


def test_each_env_file_has_secrets_of_its_own() -> None:
    assert make_env.generated("AIRFLOW_PASSWORD") != make_env.generated("AIRFLOW_PASSWORD")
    fernet = pytest.importorskip("cryptography.fernet")
    fernet.Fernet(make_env.generated("AIRFLOW_FERNET_KEY"))  # refuses what is not a key


def test_folders_belong_to_the_user_of_the_containers(folder: Path) -> None:
    _run(folder, "make_env")
    owner = int(_values(folder)["AIRFLOW_UID"])
    assert owner == (os.getuid() or make_env.IMAGE_UID)
    for name in ("landing", "demo_files", "exports", "backups"):
        assert (folder / name).stat().st_uid == owner


def test_a_folder_below_the_home_is_made_there_as_compose_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    values = {"AIRFLOW_UID": str(os.getuid()), "LENS_LANDING": "~/files", "LENS_EXPORTS": "~/out"}
    folders.make(values)
    assert folders.problems(values) == []
    assert (home / "files").is_dir() and (home / "out").is_dir()
    assert sorted(path.name for path in here.iterdir()) == ["backups", "demo_files"]


def test_a_folder_of_somebody_else_is_told(folder: Path) -> None:
    for name in ("exports", "demo_files", "backups"):
        (folder / name).mkdir()
    values = {
        "AIRFLOW_UID": str((folder / "exports").stat().st_uid + 1),
        "LENS_EXPORTS": str(folder / "exports"),
        "LENS_DEMO_LANDING": str(folder / "demo_files"),
        "LENS_BACKUPS": str(folder / "backups"),
    }
    assert len(folders.problems(values)) == 3
    assert "chown" in folders.problems(values)[0]


def test_the_env_file_can_be_read_by_a_shell(folder: Path) -> None:
    _run(folder, "make_env")
    done = subprocess.run(
        ["sh", "-euc", "set -a; . ./.env; env"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    exported = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert {name: exported[name] for name in _values(folder)} == _values(folder)


def test_make_up_without_an_env_file_says_make_env(folder: Path) -> None:
    done = _run(folder, "before_up", *COMPOSE)
    assert done.returncode == 1
    assert done.stderr == "make up: there is no .env here: run make env\n"


def test_make_up_with_a_secret_missing_says_which(folder: Path) -> None:
    _run(folder, "make_env")
    text = (folder / ".env").read_text()
    (folder / ".env").write_text(re.sub("AIRFLOW_PASSWORD=.*", "AIRFLOW_PASSWORD=", text))
    done = _run(folder, "before_up", *COMPOSE)
    assert done.stderr == "make up: .env lacks AIRFLOW_PASSWORD: run make env\n"


def test_make_up_without_docker_says_so(folder: Path) -> None:
    _run(folder, "make_env")
    done = _run(folder, "before_up", str(folder / "no-docker"), "compose")
    assert done.returncode == 1 and "install Docker" in done.stderr


def _with_free_ports(folder: Path) -> dict[str, int]:
    """An .env whose three ports are free; their numbers."""
    _run(folder, "make_env")
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in ports.PORTS]
    free = {
        port.name: each.getsockname()[1] for port, each in zip(ports.PORTS, sockets, strict=True)
    }
    for each in sockets:
        each.close()
    text = (folder / ".env").read_text()
    for name, number in free.items():
        text = re.sub(rf"(?m)^{name}=.*$", f"{name}={number}", text)
    (folder / ".env").write_text(text)
    return free


def test_make_up_names_the_port_that_is_taken(folder: Path) -> None:
    free = _with_free_ports(folder)
    done = _run(folder, "before_up", *COMPOSE)
    assert (done.returncode, done.stderr) == (0, "")
    for name, number in free.items():
        with socket.create_server(("127.0.0.1", number)):
            done = _run(folder, "before_up", *COMPOSE)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert f"port {number} ({name}) is taken" in done.stderr


def test_a_port_taken_on_all_addresses_is_taken(folder: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104
        assert ports.is_taken(server.getsockname()[1])


def test_ports_of_our_own_containers_are_no_problem(folder: Path) -> None:
    free = _with_free_ports(folder)
    number = free["METABASE_PORT"]
    publishing = (
        "import sys; a = sys.argv[1:];"
        f" print('127.0.0.1:{number}' if a == ['port', 'metabase', '3000'] else '')"
    )
    with socket.create_server(("127.0.0.1", number)):
        done = _run(folder, "before_up", sys.executable, "-c", publishing)
    assert (done.returncode, done.stderr) == (0, "")


def test_two_settings_with_one_port_are_told() -> None:
    values = {"AIRFLOW_PORT": "1", "METABASE_PORT": "x", "WAREHOUSE_PORT": "1"}
    told = ports.problems(values, COMPOSE)
    assert any("METABASE_PORT is 'x'" in line for line in told)
    assert any("both AIRFLOW_PORT and WAREHOUSE_PORT" in line for line in told)


def test_make_up_ends_with_addresses_users_and_where_passwords_are(folder: Path) -> None:
    _run(folder, "make_env")
    done = _run(folder, "addresses")
    assert done.returncode == 0, done.stderr
    for told in (
        "http://localhost:8080 ",
        "user admin ",
        "AIRFLOW_PASSWORD in .env",
        "http://localhost:3000 ",
        "user admin@example.com ",
        "LENS_METABASE_PASSWORD in .env",
        "postgresql://127.0.0.1:55432/loyalty_lens_demo ",
        "user lens_owner ",
        "WAREHOUSE_PASSWORD in .env",
    ):
        assert told in done.stdout
    values = _values(folder)
    passwords = [value for name, value in values.items() if name.endswith("PASSWORD")]
    assert not [password for password in passwords if password in done.stdout]


def test_addresses_follow_the_settings() -> None:
    told = "\n".join(addresses.lines({"AIRFLOW_PORT": "9090", "LENS_DEMO": "0"}))
    assert "http://localhost:9090 " in told
    assert "/loyalty_lens " in told
    assert "invented" not in told and "from landing/" in told


def test_the_environment_overrules_the_env_file(folder: Path) -> None:
    """As in docker-compose, or the check would look at another port than is published."""
    _run(folder, "make_env")
    found = env_file.settings(folder / ".env", {"AIRFLOW_PORT": "9090", "METABASE_PORT": ""})
    assert found["AIRFLOW_PORT"] == "9090"
    assert "METABASE_PORT" not in found


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A='b c'", "b c"),
        ('A="b" # c', "b"),
        ("export A=b # c", "b"),
        ("A=b=c", "b=c"),
    ],
)
def test_lines_of_an_env_file(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"# comment\n\n{line}\n")
    assert env_file.read(tmp_path / ".env") == {"A": value}


@pytest.mark.parametrize(
    ("name", "value"), [("AIRFLOW_UID", "me"), ("AIRFLOW_UID", "0"), ("LENS_DEMO", "yes")]
)
def test_make_up_names_a_value_that_would_fail_later_or_run_as_root(
    folder: Path, name: str, value: str
) -> None:
    _run(folder, "make_env")
    lines = (folder / ".env").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{name}=")]
    (folder / ".env").write_text("\n".join([*kept, f"{name}={value}"]) + "\n")
    done = _run(folder, "before_up")
    assert done.returncode == 1
    assert f"{name} is {value!r}" in done.stderr and len(done.stderr.splitlines()) == 1
