"""Connections written for other programs survive every character of a password."""

import json
import subprocess

from psycopg2.extensions import parse_dsn

from loyalty_lens.warehouse import formats

PASSWORD = "p@ss/wörd:#?&%+ 'quoted' \"$HOME\" \\ `id`"
URL = formats.postgresql_url(
    user="lens user", password=PASSWORD, host="127.0.0.1", port=5433, database="shop & more"
)


def test_url_is_read_by_libpq_as_it_was_meant() -> None:
    assert parse_dsn(URL) == {
        "user": "lens user",
        "password": PASSWORD,
        "host": "127.0.0.1",
        "port": "5433",
        "dbname": "shop & more",
    }


def test_parts_are_those_that_libpq_reads() -> None:
    url = URL + "?sslmode=require&application_name=a%20b"
    assert formats.parts(url) == parse_dsn(url)


def test_parts_fill_in_what_libpq_would() -> None:
    assert formats.parts("postgresql://me@shop/data") == {
        "host": "shop",
        "port": "5432",
        "user": "me",
        "dbname": "data",
    }


def test_jdbc_encodes_user_and_password_and_keeps_options() -> None:
    url = "postgresql://me:a%26b%2Bc%20d%25@db.example:5433/my%20shop?sslmode=require"
    assert formats.jdbc(url) == (
        "jdbc:postgresql://db.example:5433/my%20shop?user=me&password=a%26b%2Bc%20d%25&sslmode=require"
    )
    assert formats.jdbc("postgresql://[::1]:5433/shop") == "jdbc:postgresql://[::1]:5433/shop"


def test_env_lines_survive_a_shell() -> None:
    script = formats.env(URL + "?sslmode=require") + '\nexec "$0" -c "$1"'
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    answer = subprocess.run(
        ["/bin/sh", "-c", script, "python3", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/elsewhere"},
    )
    found = json.loads(answer.stdout)
    assert {k: v for k, v in found.items() if k.startswith(("PG", "LENS", "DATABASE"))} == {
        "PGHOST": "127.0.0.1",
        "PGPORT": "5433",
        "PGUSER": "lens user",
        "PGPASSWORD": PASSWORD,
        "PGDATABASE": "shop & more",
        "PGSSLMODE": "require",
        "DATABASE_URL": URL + "?sslmode=require",
    }


def test_other_user_of_the_same_database() -> None:
    url = formats.with_user("postgresql://me:x%40y@[::1]:5433/shop?sslmode=require", "bi", "a@b/c")
    assert url == "postgresql://bi:a%40b%2Fc@[::1]:5433/shop?sslmode=require"
    assert formats.with_user("postgresql://shop/data", "bi", "x") == "postgresql://bi:x@shop/data"
