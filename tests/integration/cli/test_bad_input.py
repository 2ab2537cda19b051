"""Bad input gets one clear line and a non-zero exit, and takes no good data with it."""

import os
from pathlib import Path

import pytest

from loyalty_lens.warehouse.connection import connected
from loyalty_lens.warehouse.formats import with_user
from tests.conftest import NewDatabase, Server
from tests.integration.cli.lens import Lens
from tests.integration.pipeline.worlds import SMALL_SHOP

PASSWORD = "s3cret-word"


@pytest.fixture(scope="module")
def lens(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Lens:
    return Lens(tmp_path_factory.mktemp("lens home"), new_database())


def test_a_landing_folder_that_is_not_there(lens: Lens, tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in lens.refusal("run", "--landing", str(tmp_path / "nowhere"))


def test_a_landing_folder_that_is_a_file(lens: Lens, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert str(tmp_path / "file") in lens.refusal("run", "--landing", str(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_landing_folder_that_may_not_be_read(lens: Lens, tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert str(tmp_path) in lens.refusal("run", "--landing", str(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_no_files_at_all(lens: Lens, tmp_path: Path) -> None:
    message = lens.refusal("run", "--landing", str(tmp_path))
    assert "no " in message and str(tmp_path) in message


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("stores.csv", b"", "empty"),
        ("stores.csv", b"store_name,store_city\nNorth,Rome\n", "store_id"),
        ("stores.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01", "stores.csv"),
    ],
    ids=["empty", "no required column", "binary"],
)
def test_a_bad_file_is_told_and_the_good_ones_are_loaded(
    new_database: NewDatabase, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    for good, text in SMALL_SHOP.items():
        (landing / good).write_text(text)
    (landing / name).write_bytes(content)
    url = new_database()
    message = Lens(tmp_path, url).refusal("ingest", "--landing", str(landing))
    assert name in message and told in message
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from raw.store_sales_header")
        assert cursor.fetchone() == (6,)
        cursor.execute("select status from ops.load_batches where data_set = 'stores'")
        assert cursor.fetchall() == [("failed",)]


def test_a_server_that_is_down(lens: Lens) -> None:
    url = f"postgresql://somebody:{PASSWORD}@127.0.0.1:9/shop"
    message = lens.refusal("status", LENS_DATABASE_URL=url)
    assert "127.0.0.1:9" in message and PASSWORD not in message


@pytest.mark.parametrize("url", ["not a url", "mysql://root@localhost/shop", "postgresql://"])
def test_a_wrong_url(lens: Lens, url: str) -> None:
    assert "LENS_DATABASE_URL" in lens.refusal("status", LENS_DATABASE_URL=url)


def test_a_wrong_password(lens: Lens, server: Server) -> None:
    server.execute(f"create role careful login password '{PASSWORD}-right'")
    try:
        wrong = with_user(server.base_url, "careful", PASSWORD)
        message = lens.refusal("status", LENS_DATABASE_URL=wrong)
        assert "password" in message and PASSWORD not in message
    finally:
        server.execute("drop role careful")


def test_a_user_who_may_not_create_schemas(lens: Lens, server: Server) -> None:
    server.execute(f"create role guest login password '{PASSWORD}'")
    server.execute("create database lens_test_guest")
    try:
        url = with_user(server.url("lens_test_guest"), "guest", PASSWORD)
        assert "may not" in lens.refusal("start", LENS_DATABASE_URL=url)
    finally:
        server.execute("drop database lens_test_guest")
        server.execute("drop role guest")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LENS_POINT_COST", "cheap"),
        ("LENS_RFM_MONETARY_BASIS", "sometimes"),
        ("LENS_DBT_THREADS", "0"),
    ],
)
def test_a_setting_that_cannot_be_used(lens: Lens, name: str, value: str) -> None:
    message = lens.refusal("status", **{name: value})
    assert name in message and value in message


def test_a_business_date_that_is_none(lens: Lens, tmp_path: Path) -> None:
    date = ("--business-date", "someday")
    assert "someday" in lens.refusal("run", "--landing", str(tmp_path), *date)


def test_reset_asks_first(lens: Lens) -> None:
    done = lens("reset")
    assert done.returncode == 130 and "Remove the warehouse" in done.stdout
    assert lens("status").returncode == 0
