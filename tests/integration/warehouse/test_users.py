"""Root, ordinary users, and the folders between them."""

import os
import re
import stat
from pathlib import Path

import psutil
import pytest

from loyalty_lens.errors import SettingsError, WarehouseError
from loyalty_lens.warehouse import processes
from loyalty_lens.warehouse.account import open_way, server_account
from loyalty_lens.warehouse.binaries import newest_build
from loyalty_lens.warehouse.server import EmbeddedServer
from tests.integration.warehouse.conftest import NOBODY, as_user

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def user_of(server: EmbeddedServer) -> int:
    found = processes.noted_postmaster(server.data)
    assert found is not None
    return int(psutil.Process(found.pid).uids().effective)


@pytest.fixture
def nobodys(home: Path) -> EmbeddedServer:
    """A server in a folder that belongs to `nobody`."""
    home.mkdir(0o700)
    os.chown(home, NOBODY, NOBODY)
    home.parent.chmod(0o711)
    account = server_account(home, home / "postgres")
    open_way([newest_build().path("postgres")], account)
    return EmbeddedServer(home)


def test_root_runs_it_as_a_system_user_and_opens_no_more_than_the_search_bit(home) -> None:
    before = mode(home.parent)
    server = EmbeddedServer(home)
    server.start()
    assert user_of(server) == server_account(Path("/"), Path("/none")).uid != 0
    assert (before, mode(home.parent), mode(home)) == (0o700, 0o701, 0o701)
    assert mode(server.folder) == mode(server.data) == 0o700
    assert server.data.stat().st_uid == user_of(server)


def test_named_system_user_is_taken_and_kept(home, monkeypatch) -> None:
    monkeypatch.setenv("LENS_SYSTEM_USER", "nobody")
    server = EmbeddedServer(home)
    server.start()
    assert user_of(server) == NOBODY
    server.stop()
    monkeypatch.delenv("LENS_SYSTEM_USER")
    server.start()
    assert user_of(server) == NOBODY


@pytest.mark.parametrize(
    ("name", "reason"), [("no_such_user", "there is no such user"), ("root", "not run as root")]
)
def test_unusable_system_user_is_named(home, name, reason) -> None:
    with pytest.raises(SettingsError, match=f"LENS_SYSTEM_USER is '{name}': .*{reason}"):
        server_account(home, home / "postgres", {"LENS_SYSTEM_USER": name})


def test_ordinary_user_runs_it_as_himself(nobodys) -> None:
    info = as_user(NOBODY, nobodys.start)
    assert user_of(nobodys) == NOBODY
    assert as_user(NOBODY, nobodys.start) == info
    assert as_user(NOBODY, nobodys.stop) is True


def test_root_and_the_owner_of_a_home_share_its_server(nobodys) -> None:
    info = nobodys.start()
    assert user_of(nobodys) == NOBODY
    assert as_user(NOBODY, nobodys.start) == info
    assert as_user(NOBODY, nobodys.stop) is True
    assert nobodys.start() == info


def test_home_of_root_is_refused_to_others_in_one_line(home) -> None:
    server = EmbeddedServer(home)
    server.start()
    home.parent.chmod(0o711)
    for action in (server.start, server.stop, server.destroy, server.is_running, server.running):
        with pytest.raises(WarehouseError, match="set LENS_HOME to a folder of your own") as caught:
            as_user(NOBODY, action)
        assert re.search(r"belongs to \w+", str(caught.value))
        assert "\n" not in str(caught.value)
    assert server.is_running()


def test_data_of_another_user_in_a_home_of_ones_own_are_named(nobodys) -> None:
    nobodys.folder.mkdir()
    with pytest.raises(WarehouseError, match="/postgres belongs to root, not to nobody: set LENS"):
        as_user(NOBODY, nobodys.start)
    nobodys.folder.rmdir()


def test_home_where_nothing_may_be_made_is_refused_in_one_line(home) -> None:
    with pytest.raises(WarehouseError, match="Permission denied for user nobody; set LENS_HOME"):
        as_user(NOBODY, EmbeddedServer(home / "deeper").start)
    home.write_text("a file")
    with pytest.raises(WarehouseError, match="set LENS_HOME to a folder of your own"):
        EmbeddedServer(home / "deeper").start()
