"""A connection as other programs want it written: JDBC, environment variables."""

import shlex
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

# libpq's variable for each part of a URL that we hand on.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def postgresql_url(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """A libpq URL; every part may hold any character."""
    account = f"{quote(user, safe='')}:{quote(password, safe='')}"
    where = f"[{host}]" if ":" in host else host
    return f"postgresql://{account}@{where}:{port}/{quote(database, safe='')}"


def with_user(url: str, user: str, password: str) -> str:
    """The same server and database for another user."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    account = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{account}@{where}").geturl()


def parts(url: str) -> dict[str, str]:
    """host, port, user, password, dbname and the options of a URL, as plain text."""
    split = urlsplit(url)
    found = {
        "host": unquote(split.hostname or "localhost"),
        "port": str(split.port or 5432),
        "user": unquote(split.username or ""),
        "password": unquote(split.password or ""),
        "dbname": unquote(split.path.lstrip("/")),
        **dict(parse_qsl(split.query)),
    }
    return {name: value for name, value in found.items() if value}


def jdbc(url: str) -> str:
    """`jdbc:postgresql://host:port/database?user=...&password=...`, for Java clients."""
    found = parts(url)
    where = f"[{found['host']}]" if ":" in found["host"] else found["host"]
    address = f"{where}:{found['port']}/{quote(found.get('dbname', ''), safe='')}"
    named = ("host", "port", "dbname")
    query = urlencode({k: v for k, v in found.items() if k not in named}, quote_via=quote)
    return f"jdbc:postgresql://{address}?{query}" if query else f"jdbc:postgresql://{address}"


def environment(url: str) -> dict[str, str]:
    """libpq's variables and DATABASE_URL.

    Not LENS_DATABASE_URL: in a shell that has it, `lens` would take the embedded server for a
    server of one's own.
    """
    found = parts(url)
    named = {variable: found[part] for part, variable in VARIABLES.items() if part in found}
    return named | {"DATABASE_URL": url}


def env(url: str) -> str:
    """`environment` as lines for a shell: `eval "$(lens url --env)"`."""
    return "\n".join(f"export {k}={shlex.quote(v)}" for k, v in environment(url).items())
