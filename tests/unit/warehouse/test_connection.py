"""Every failed connection is one line that says what to do and holds no password."""

import socket
from dataclasses import replace

import pytest

from loyalty_lens.errors import WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse import connection
from loyalty_lens.warehouse.access import running_url
from loyalty_lens.warehouse.connection import connect, shown, with_database

SECRET = "s3cretword"


def refusal(url: str) -> str:
    with pytest.raises(WarehouseError) as caught:
        connect(url)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{SECRET}@shop/data",
        f"postgresql+psycopg2://me:{SECRET}@shop/data",
        f"me:{SECRET}@shop/data",
        f"postgresql://me:{SECRET}%zz@shop/data",
        f"postgresql://me:{SECRET}@shop:port/data",
        f"postgresql://me:{SECRET}@shop/data?no_such_option={SECRET}",
        f"postgresql://me:1/{SECRET}@shop/data",
        f"postgresql://me:1#{SECRET}@shop/data",
        f"postgresql://me:1?{SECRET}@shop/data",
        f"postgresql://me:{SECRET}@[::1/data",
    ],
)
def test_what_is_no_url_is_told(url) -> None:
    assert refusal(url).startswith("LENS_DATABASE_URL is not a PostgreSQL URL; write postgresql://")


def test_unknown_host_is_told() -> None:
    answer = refusal(f"postgresql://me:{SECRET}@none.invalid/data")
    where = "postgresql://me@none.invalid/data"
    assert answer == f"{where}: the host is not known; correct LENS_DATABASE_URL"


def test_refused_port_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        answer = refusal(f"postgresql://me:{SECRET}@127.0.0.1:{port}/data")
    assert answer.startswith(f"postgresql://me@127.0.0.1:{port}/data: no server answers; start it")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ('FATAL:  database "payrole" does not exist', "the database does not exist; create it"),
        ('FATAL:  role "database" does not exist', "the role does not exist; create it"),
        ("FATAL:  sorry, too many clients already", "FATAL:  sorry, too many clients already"),
        ("fe_sendauth: no password supplied", "user or password is wrong; correct"),
        ("", "no reason given"),
    ],
)
def test_message_of_the_server_becomes_a_line(message, line) -> None:
    explained = str(connection._explained("postgresql://me:x@shop/data", message))
    assert explained.startswith(f"postgresql://me@shop/data: {line}")


def test_server_that_recovers_is_waited_for(monkeypatch) -> None:
    answers = iter(["FATAL:  the database system is starting up", "FATAL:  nobody gets in"])

    def refuse(*_: object, **__: object) -> None:
        raise connection.psycopg2.OperationalError(next(answers))

    monkeypatch.setattr(connection.psycopg2, "connect", refuse)
    assert refusal("postgresql://me@shop/data").endswith("nobody gets in")


def test_shown_hides_password_and_options() -> None:
    url = f"postgres://me:{SECRET}@[::1]:5433/data?password={SECRET}"
    assert shown(url) == "postgresql://me@[::1]:5433/data"


def test_other_database_of_the_same_server() -> None:
    assert with_database("postgresql://me:a%2Fb@shop:1/data?sslmode=require", "x y/z") == (
        "postgresql://me:a%2Fb@shop:1/x%20y%2Fz?sslmode=require"
    )


@pytest.mark.parametrize("url", ["postgresql://me@shop", "mysql://me@shop/x", "host=shop dbname=x"])
def test_url_without_a_database_is_refused(url, tmp_path) -> None:
    settings = Settings.from_environment({"LENS_HOME": str(tmp_path)})
    with pytest.raises(WarehouseError, match="is not a PostgreSQL URL with a database"):
        running_url(replace(settings, database_url=url))
