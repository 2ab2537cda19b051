"""Whom to talk to: Metabase and its administrator, and the warehouse as Metabase reaches it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from loyalty_lens.errors import SettingsError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse import formats
from loyalty_lens.warehouse.access import bi_url

NAME = "Loyalty Lens"
DEMO_NAME = "Loyalty Lens (demo)"


@dataclass(frozen=True)
class Target:
    """A Metabase; either `api_key` or email and password are there."""

    url: str  # without a slash at the end
    email: str | None
    password: str | None = field(repr=False)
    api_key: str | None = field(repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Target":
        """Raises SettingsError naming the variable that is missing or cannot be used."""
        url = (settings.metabase_url or "").rstrip("/")
        if not url:
            raise SettingsError(
                "LENS_METABASE_URL is not set: give Metabase's address, http://localhost:3000"
            )
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SettingsError("LENS_METABASE_URL: use an address such as http://localhost:3000")
        if not settings.metabase_api_key:
            for value, name in (
                (settings.metabase_email, "LENS_METABASE_EMAIL"),
                (settings.metabase_password, "LENS_METABASE_PASSWORD"),
            ):
                if not value:
                    raise SettingsError(
                        f"{name} is not set: email and password of Metabase's administrator"
                        " (the first push makes that account), or LENS_METABASE_API_KEY"
                    )
        return cls(
            url, settings.metabase_email, settings.metabase_password, settings.metabase_api_key
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        return tuple(filter(None, (self.password, self.api_key)))


@dataclass(frozen=True)
class Warehouse:
    """The warehouse as role lens_bi: `url` as seen from here, host and port as Metabase sees it."""

    name: str  # of the database and the collection in Metabase
    url: str = field(repr=False)
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    needs_tls: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> "Warehouse":
        """Raises SettingsError where lens_bi has no password or the override cannot be read."""
        url = bi_url(settings)
        if url is None:
            raise SettingsError(
                "LENS_BI_PASSWORD is not set: Metabase reads the warehouse as the role lens_bi,"
                " which needs a password on a server of your own"
            )
        parts = formats.parts(url)
        host, port = parts["host"], int(parts["port"])
        if settings.metabase_warehouse:
            host, port = _host_and_port(settings.metabase_warehouse)
        return cls(
            name=DEMO_NAME if settings.demo else NAME,
            url=url,
            host=host,
            port=port,
            database=parts["dbname"],
            user=parts["user"],
            password=parts["password"],
            needs_tls=parts.get("sslmode", "") in ("require", "verify-ca", "verify-full"),
        )


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        found = urlsplit(f"//{text}")
        host, port = found.hostname, found.port or 5432
    except ValueError:
        host, port = None, 0
    if not host or found.path or found.username:
        raise SettingsError(f"LENS_METABASE_WAREHOUSE is {text!r}: use host:port, warehouse:5432")
    return host, port
