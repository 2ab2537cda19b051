"""The embedded server comes up from whatever state it was left in."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from loyalty_lens.errors import WarehouseError
from loyalty_lens.warehouse import processes, state
from loyalty_lens.warehouse import server as server_module
from loyalty_lens.warehouse.account import server_account
from loyalty_lens.warehouse.connection import connect, connected
from loyalty_lens.warehouse.owner import OWNER
from loyalty_lens.warehouse.server import ADMIN, EmbeddedServer

PACKAGES = Path(__file__).parents[3] / "dags"
BOTH = pytest.mark.parametrize("major", [16, 18])


def ask(server: EmbeddedServer, question: str, user: str = OWNER) -> object:
    url = server.start().url("postgres", user=user)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
        return row[0] if row else None


def write(server: EmbeddedServer) -> None:
    with connected(server.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept as select 42 as answer")


def pid_of(server: EmbeddedServer) -> int:
    found = processes.noted_postmaster(server.data)
    assert found is not None
    return found.pid


def postmasters(server: EmbeddedServer) -> int:
    """How many servers work in the folder; children of one do not count."""
    pids = processes.server_processes(server.data, server_account(server.home, server.folder))
    return sum(psutil.Process(pid).ppid() not in pids for pid in pids)


def in_another_process(home: Path, action: str) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path\n"
        "from loyalty_lens.warehouse.server import EmbeddedServer\n"
        f"print(EmbeddedServer(Path(sys.argv[1])).{action})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        env=os.environ | {"PYTHONPATH": str(PACKAGES)},
        stdout=subprocess.PIPE,
        text=True,
    )


@BOTH
def test_start_stop_start_keeps_data_port_and_passwords(make_server, major) -> None:
    server = make_server(major)
    first = server.start()
    assert server.start() == first
    assert ask(server, "show server_version_num").startswith(str(major))
    write(server)
    assert server.stop() is True
    assert not server.is_running()
    assert server.stop() is False
    assert server.start() == first
    assert ask(server, "select answer from kept") == 42


def test_server_outlives_the_command_and_any_command_may_stop_it(home) -> None:
    assert in_another_process(home, "start().port").wait() == 0
    assert EmbeddedServer(home).is_running()
    assert EmbeddedServer(home).stop() is True


def test_server_is_durable_and_listens_on_this_machine_alone(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    shown = {
        name: ask(server, f"show {name}", ADMIN)
        for name in ("fsync", "jit", "wal_level", "listen_addresses", "unix_socket_directories")
    }
    assert shown == {
        "fsync": "on",
        "jit": "off",
        "wal_level": "minimal",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
    }
    weak = "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'"
    assert ask(server, weak, ADMIN) == 0
    assert ask(server, "select upper('é') || current_setting('server_encoding')") == "ÉUTF8"


def test_secrets_are_for_their_owner_and_a_wrong_password_is_refused(home) -> None:
    info = EmbeddedServer(home).start()
    for name in ("server.json", "postgres.log", "lock"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    assert info.password not in " ".join(psutil.Process(pid_of(EmbeddedServer(home))).cmdline())
    with pytest.raises(WarehouseError, match="password is wrong") as caught:
        connect(info.url("postgres").replace(info.password, "mistaken"))
    assert "mistaken" not in str(caught.value)


def test_two_processes_starting_at_once_get_one_server(home) -> None:
    starters = [in_another_process(home, "start().port") for _ in range(2)]
    ports = {starter.communicate()[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0]
    assert len(ports) == 1
    assert postmasters(EmbeddedServer(home)) == 1


@BOTH
def test_killed_postmaster_loses_nothing(make_server, major) -> None:
    server = make_server(major)
    server.start()
    write(server)
    os.kill(pid_of(server), signal.SIGKILL)
    server.start()
    assert ask(server, "select answer from kept") == 42
    assert postmasters(server) == 1


@BOTH
def test_query_that_outlives_its_postmaster_is_ended(make_server, major) -> None:
    server = make_server(major)
    server.start()
    postmaster = pid_of(server)
    with closing(psycopg2.connect(server.url("postgres"), async_=True)) as busy:
        while busy.poll() != psycopg2.extensions.POLL_OK:
            time.sleep(0.01)
        busy.cursor().execute(
            "select count(*) from generate_series(1, 2000) a, generate_series(1, 1000000) b"
        )
        backend = psutil.Process(busy.info.backend_pid)
        os.kill(postmaster, signal.SIGKILL)
        processes.wait_for_end([postmaster], 5)
        time.sleep(0.3)
        assert backend.is_running()
        server.start()
        assert not processes.is_alive(backend.pid)


def test_kill_of_every_process_loses_nothing(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    write(server)
    postmaster = psutil.Process(pid_of(server))
    for process in [postmaster, *postmaster.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it saw the postmaster go
            process.kill()
    server.start()
    assert ask(server, "select answer from kept") == 42


def test_number_of_a_dead_postmaster_that_others_got_is_not_believed(home, server) -> None:
    embedded = EmbeddedServer(home)
    embedded.start()
    owner = embedded.data.stat().st_uid
    as_owner = {"user": owner} if os.geteuid() == 0 else {}
    with connected(server.base_url) as connection:
        other_server = psutil.Process(connection.info.backend_pid).ppid()
        for other in [subprocess.Popen(["sleep", "60"], **as_owner), None]:
            os.kill(pid_of(embedded), signal.SIGKILL)
            time.sleep(0.2)
            note = embedded.data / "postmaster.pid"
            lines = note.read_text().splitlines()
            recycled = other.pid if other else other_server
            note.write_text("\n".join([str(recycled), *lines[1:]]))
            assert not embedded.is_running()
            embedded.start()
            assert pid_of(embedded) != recycled
            assert processes.is_alive(recycled)
            if other:
                other.kill()
                other.wait()


def test_server_in_the_middle_of_its_start_is_waited_for_as_long_as_it_takes(
    home, monkeypatch
) -> None:
    server = EmbeddedServer(home)
    server.start()
    pid = pid_of(server)
    note = server.data / "postmaster.pid"
    text = note.read_text()
    note.write_text(text.replace("ready", "starting"))
    monkeypatch.setattr(server_module, "ANSWER_SECONDS", 0.05)
    recovery = threading.Timer(0.5, note.write_text, [text])
    recovery.start()
    server.start()
    assert recovery.finished.is_set()
    assert pid_of(server) == pid


def test_half_made_data_folder_is_made_again(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.stop()
    server.data.rename(server.folder / "data.unfinished")
    (server.folder / "data.unfinished" / "PG_VERSION").unlink()
    server.start()
    assert not (server.folder / "data.unfinished").exists()
    assert ask(server, "select 1") == 1


def test_port_that_somebody_took_is_exchanged_and_kept(home) -> None:
    server = EmbeddedServer(home)
    old = server.start().port
    server.stop()
    with socket.socket() as other:
        other.bind((state.HOST, old))
        other.listen(1)
        new = server.start().port
        assert new != old
        assert ask(server, "select 1") == 1
        server.stop()
    assert server.start().port == new


def test_port_of_the_running_server_counts_not_the_one_in_the_file(home) -> None:
    info = EmbeddedServer(home).start()
    found = state.read_state(home)
    assert found is not None
    state.write_state(home, found.with_port(info.port + 1))
    assert EmbeddedServer(home).start() == info


def test_port_lost_between_look_and_start_is_exchanged(home, monkeypatch) -> None:
    server = EmbeddedServer(home)
    old = server.start().port
    server.stop()
    looks = iter([True])
    is_free = state.is_free
    monkeypatch.setattr(state, "is_free", lambda port: next(looks, None) or is_free(port))
    with socket.socket() as other:
        other.bind((state.HOST, old))
        other.listen(1)
        assert server.start().port != old


def test_long_path_with_spaces(home) -> None:
    long = home / ("a long name with spaces " * 5) / ("and 'quotes\" " * 5)
    assert len(str(long)) > 150
    server = EmbeddedServer(long)
    server.start()
    assert ask(server, "show data_directory", ADMIN) == str(server.data)
    server.destroy()
    assert not server.folder.exists()


def test_data_of_another_major_version_are_named(make_server) -> None:
    make_server(16).start()
    make_server(16).stop()
    with pytest.raises(WarehouseError, match="was made by PostgreSQL 16, this is 18: ") as caught:
        make_server(18).start()
    assert "\n" not in str(caught.value)


def test_reason_of_a_failed_start_is_told_in_one_line(home) -> None:
    server = EmbeddedServer(home, options={"shared_buffers": "nonsense"})
    with pytest.raises(WarehouseError, match="PostgreSQL does not start: invalid value for") as no:
        server.start()
    assert "\n" not in str(no.value)
    assert str(server.log) in str(no.value)


def test_lost_password_is_told(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.stop()
    (home / "server.json").unlink()
    with pytest.raises(WarehouseError, match=r"server\.json is missing; put it back"):
        server.start()
    (home / "server.json").write_text("{")
    with pytest.raises(WarehouseError, match=r"server\.json is damaged"):
        server.start()


def test_destroy_leaves_nothing_of_the_warehouse(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.destroy()
    assert [path.name for path in home.iterdir()] == ["lock"]
    server.destroy()


OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.skipif(not OLD.is_dir(), reason="no PostgreSQL 15 on this machine")
def test_server_older_than_16_is_refused(home) -> None:
    with pytest.raises(WarehouseError, match="the server is PostgreSQL 15; use 16 or newer"):
        EmbeddedServer(home, binaries=OLD).start()
