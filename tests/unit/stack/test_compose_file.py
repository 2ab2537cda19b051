"""docker-compose.yml against the compose specification, and what it promises of every service."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loyalty_lens.stack import env_file, make_env, ports
from tests.unit.stack import compose

EXAMPLE = compose.ROOT / ".env.example"
ONE_SHOT = {"init", "metabase-provision", "smoke"}
POSTGRES = {"warehouse", "airflow-database", "metabase-database"}
AIRFLOW = {
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
}
# Set for the containers by docker-compose.yml itself, from other settings.
NOT_PASSED_ON = {
    "LENS_HOME",
    "LENS_DATABASE_URL",
    "LENS_DEMO_DATABASE",
    "LENS_METABASE_URL",
    "LENS_METABASE_WAREHOUSE",
    "LENS_METABASE_API_KEY",  # in place of the password, for a Metabase elsewhere
    "LENS_SYSTEM_USER",  # of the embedded server
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `make env` writes."""
    path = tmp_path_factory.mktemp("env") / ".env"
    make_env.write(path, EXAMPLE)
    return env_file.read(path)


@pytest.fixture(scope="module")
def services(written: dict[str, str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose.load(written)["services"]
    return found


def _schema_says(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)


def test_file_follows_the_compose_specification(written: dict[str, str], tmp_path: Path) -> None:
    done = _schema_says(compose.FILE)
    assert done.returncode == 0, done.stdout
    interpolated = tmp_path / "interpolated.json"  # JSON is YAML
    interpolated.write_text(json.dumps(compose.load(written)))
    done = _schema_says(interpolated)
    assert done.returncode == 0, done.stdout


def test_schema_knows_a_mistake(tmp_path: Path) -> None:
    mistaken = tmp_path / "docker-compose.yml"
    mistaken.write_text(compose.FILE.read_text().replace("healthcheck:", "healthchek:", 1))
    done = _schema_says(mistaken)
    assert done.returncode == 1 and "healthchek" in done.stdout


def test_services_are_those_of_the_design(services: dict[str, Any]) -> None:
    assert set(services) == {*POSTGRES, *AIRFLOW, *ONE_SHOT, "metabase"}


def test_without_env_file_one_line_says_make_env() -> None:
    with pytest.raises(compose.RequiredError, match="run make env"):
        compose.load({})
    words = {word for uses in compose.variables().values() for how, word in uses if how == "?"}
    assert words == {"run make env"}


def test_every_secret_is_required_and_has_no_default() -> None:
    secret = re.compile("PASSWORD$|KEY$|SECRET$")
    found = {name: uses for name, uses in compose.variables().items() if secret.search(name)}
    assert len(found) == 12
    assert {uses for all_uses in found.values() for uses in all_uses} == {("?", "run make env")}


def test_env_file_that_make_env_writes_is_all_the_file_needs(written: dict[str, str]) -> None:
    required = {name for name, uses in compose.variables().items() if ("?", "run make env") in uses}
    assert required <= written.keys()
    assert required | {"AIRFLOW_UID"} == {
        name for name, value in env_file.read(EXAMPLE).items() if not value
    }


def test_each_variable_has_one_default_and_is_in_the_example() -> None:
    documented = EXAMPLE.read_text()
    for name, uses in compose.variables().items():
        assert len(uses) == 1 or name == "LENS_DEFAULT_TIME_ZONE", (name, uses)
        assert re.search(rf"^(# )?{name}=", documented, re.MULTILINE), name


def test_defaults_of_the_example_are_those_of_the_file() -> None:
    active = {name: value for name, value in env_file.read(EXAMPLE).items() if value}
    assert active.pop("LENS_DEMO") == "1"  # without an .env, one's own files are the safe choice
    assert active.pop("COMPOSE_PROJECT_NAME") == "loyalty-lens"
    uses = compose.variables()
    assert {name: {("-", value)} for name, value in active.items()} == {
        name: uses[name] for name in active
    }


def test_every_setting_of_the_pipeline_reaches_the_containers() -> None:
    documented = set(re.findall(r"^#? ?(LENS_(?!TEST_)[A-Z_]+)=", EXAMPLE.read_text(), re.M))
    assert len(documented) > 15
    assert documented - NOT_PASSED_ON <= compose.variables().keys()


def test_published_ports_are_variables_on_loopback(written: dict[str, str]) -> None:
    published = {
        name: service["ports"]
        for name, service in compose.load()["services"].items()
        if "ports" in service
    }
    assert published == {
        port.service: [f"127.0.0.1:${{{port.name}:-{port.default}}}:{port.inside}"]
        for port in ports.PORTS
    }
    moved = compose.load({**written, "AIRFLOW_PORT": "9999"})["services"]["airflow-api-server"]
    assert moved["ports"] == ["127.0.0.1:9999:8080"]
    assert moved["environment"]["AIRFLOW__API__BASE_URL"] == "http://localhost:9999"


def test_images_are_pinned_and_can_be_chosen(written: dict[str, str]) -> None:
    services = compose.load({**written, "METABASE_TAG": "v0.65.4.1"})["services"]
    assert services["metabase"]["image"] == "metabase/metabase:v0.65.4.1"
    services = compose.load(written)["services"]
    assert re.fullmatch(r"metabase/metabase:v0(\.\d+){3}", services["metabase"]["image"])
    for name in POSTGRES:
        assert re.fullmatch(r"postgres:18\.\d+", services[name]["image"])


def test_postgresql_18_keeps_its_data_below_its_home(services: dict[str, Any]) -> None:
    for name in POSTGRES:
        assert services[name]["volumes"] == [f"{name}:/var/lib/postgresql"]
    assert {*POSTGRES, "airflow-logs"} == set(compose.load()["volumes"])


def test_each_database_has_a_server_and_a_password_of_its_own(services: dict[str, Any]) -> None:
    passwords = [services[name]["environment"]["POSTGRES_PASSWORD"] for name in POSTGRES]
    assert len(set(passwords)) == len(passwords)


def test_nothing_runs_as_root(services: dict[str, Any], written: dict[str, str]) -> None:
    for name, service in services.items():
        user = service["user"].partition(":")[0]
        assert user not in ("", "0", "root"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert services["init"]["user"] == f"{written['AIRFLOW_UID']}:0"


def test_every_service_has_limits_and_bounded_logs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert service["cpus"] in (1, 2), name
        assert service["logging"]["options"]["max-size"], name


def test_long_running_services_restart_and_have_health_checks(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["restart"] == "no" and "healthcheck" not in service, name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["healthcheck"]["start_period"], name


def test_start_order(services: dict[str, Any]) -> None:
    def waits_for(name: str) -> dict[str, str]:
        return {
            other: how["condition"].removeprefix("service_")
            for other, how in services[name].get("depends_on", {}).items()
        }

    assert waits_for("init") == {"warehouse": "healthy", "airflow-database": "healthy"}
    assert waits_for("airflow-api-server") == {"init": "completed_successfully"}
    for name in AIRFLOW - {"airflow-api-server"}:
        assert waits_for(name) == {
            "init": "completed_successfully",
            "airflow-api-server": "healthy",
        }
    assert waits_for("metabase") == {"metabase-database": "healthy"}
    assert waits_for("metabase-provision") == {
        "init": "completed_successfully",
        "metabase": "healthy",
    }


def test_folders_are_bind_mounts_and_never_made_by_docker(services: dict[str, Any]) -> None:
    mounts = {mount["target"]: mount for mount in services["airflow-scheduler"]["volumes"]}
    environment = services["airflow-scheduler"]["environment"]
    for name in ("LENS_LANDING", "LENS_DEMO_LANDING", "LENS_EXPORTS", "LENS_BACKUPS"):
        mount = mounts[environment[name]]
        assert mount["type"] == "bind"
        assert mount["bind"] == {"create_host_path": False}  # root would own it


def test_demo_and_own_files_never_meet(written: dict[str, str]) -> None:
    for demo, database in (("1", "1"), ("0", "0")):
        environment = compose.load({**written, "LENS_DEMO": demo})["services"]["init"][
            "environment"
        ]
        assert (environment["LENS_DEMO"], environment["LENS_DEMO_DATABASE"]) == (demo, database)
    sources = [mount["source"] for mount in compose.load(written)["services"]["init"]["volumes"]]
    assert len(set(sources)) == len(sources)


def test_dags_start_unpaused(services: dict[str, Any]) -> None:
    for name in AIRFLOW | {"init"}:
        assert (
            services[name]["environment"]["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "false"
        )


def test_no_secret_is_on_a_command_line(services: dict[str, Any], written: dict[str, str]) -> None:
    secrets = [written[name] for name, value in env_file.read(EXAMPLE).items() if not value]
    secrets.remove(written["AIRFLOW_UID"])
    for service in services.values():
        shown = json.dumps([service.get("command"), service.get("healthcheck"), service["image"]])
        assert not [secret for secret in secrets if secret in shown]


def test_env_file_and_folders_stay_out_of_version_control() -> None:
    names = [".env", ".env.unfinished"]
    names += [f"{folder}/x.csv" for folder in ("landing", "demo_files", "exports", "backups")]
    done = subprocess.run(
        ["git", "check-ignore", *names],
        cwd=compose.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == names
