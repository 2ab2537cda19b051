"""Every setting of Loyalty Lens, read from the environment; `.env.example` documents them."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from loyalty_lens.errors import SettingsError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
CAMPAIGNS = Path(__file__).with_name("campaigns.yml")
FEEDS = PROJECT_ROOT / "great_expectations" / "feeds"
DATABASE = "loyalty_lens"
DEMO_SUFFIX = "_demo"
# What LENS_RETENTION may name: data sets that hold personal data, and what is kept beside them.
RETAINED = (
    *("customer_details", "store_sales_header", "points_events", "customer_merges"),
    *("flat_sales", "card_transactions", "rejects", "malformed_lines", "notifications"),
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """What a command needs to know; made once by `Settings.from_environment`."""

    home: Path  # LENS_HOME: the embedded server's data, port and password; logs
    # LENS_DATABASE_URL: a server of one's own, PostgreSQL 16 or newer
    database_url: str | None = field(repr=False)
    landing: Path  # LENS_LANDING (of the demo: LENS_DEMO_LANDING): where the daily files arrive
    landing_url: str | None  # LENS_LANDING, where it is a URL such as s3://bucket/prefix
    # LENS_LANDING_OPTIONS: fsspec's storage options for it, as JSON; may hold a secret
    landing_options: Mapping[str, Any] = field(repr=False)
    settle_seconds: Decimal  # LENS_SETTLE_SECONDS: a file changed since may still be being written
    marker: str | None  # LENS_MARKER: what its sender writes when a file is complete
    exports: Path  # LENS_EXPORTS (of the demo: its folder demo): where lists are written
    campaigns: Path  # LENS_CAMPAIGNS: the file that names them
    backups: Path  # LENS_BACKUPS (of the demo: its folder demo): where backups are written
    backups_kept: int  # LENS_BACKUPS_KEPT: how many of the newest stay
    # LENS_EXPECTED: data sets that every day should bring; empty: those of the week before
    expected: tuple[str, ...]
    notifications: str  # LENS_NOTIFICATIONS: messages to customers as jsonl or csv, or off
    wait_minutes: int  # LENS_WAIT_MINUTES: a scheduled run waits so long for them
    consent_when_missing: str  # LENS_CONSENT_WHEN_MISSING: exclude or include
    demo: bool  # lens --demo: a database of its own, so invented customers never mix
    currency: str  # LENS_CURRENCY: the one currency of the warehouse
    point_cost: Decimal  # LENS_POINT_COST: money per point
    breakage: str  # LENS_BREAKAGE: share of points never used, or vintage: as experience shows
    breakage_at_issue: str  # LENS_BREAKAGE_AT_ISSUE: the share expected when they were earned
    rfm_monetary_basis: str  # LENS_RFM_MONETARY_BASIS: net or gross of returns
    discount_rate: Decimal  # LENS_DISCOUNT_RATE: of lifetime value, a month
    churn_days: int  # LENS_CHURN_DAYS: no purchase in so many days is churn
    # LENS_PAST_GUEST_SALES: attribute (to the customer whose phone they gave) or leave
    past_guest_sales: str
    default_time_zone: str  # LENS_DEFAULT_TIME_ZONE: of stores that name none
    supersede_limit: Decimal  # LENS_SUPERSEDE_LIMIT: share of a batch's keys a new file may remove
    # LENS_BI_PASSWORD: of the role lens_bi on a server of one's own
    bi_password: str | None = field(repr=False)
    alert_email: tuple[str, ...]  # LENS_ALERT_EMAIL: who is told of what fails or is late
    alert_from: str  # LENS_ALERT_FROM: the sender
    smtp_url: str = field(repr=False)  # LENS_SMTP_URL: smtp:// or smtps://, with user and password
    alert_webhook: str | None = field(repr=False)  # LENS_ALERT_WEBHOOK
    digest_email: bool  # LENS_DIGEST_EMAIL: send the digest of each run there, too
    log_days: int  # LENS_LOG_DAYS: logs, and what dbt did in each run, are kept so long
    raw_days: int  # LENS_RAW_DAYS: rows of superseded files are kept so long; 0: for ever
    # LENS_PRIVACY_KEY: of the pseudonyms of personal data; unset: made up once, kept in LENS_HOME
    privacy_key: str | None = field(repr=False)
    retention: Mapping[str, int]  # LENS_RETENTION: days for which personal data are kept
    feed: str | None  # LENS_FEED: rules of great_expectations/feeds to add
    dbt_threads: int  # LENS_DBT_THREADS
    log_level: str  # LENS_LOG_LEVEL
    metabase_url: str | None  # LENS_METABASE_URL
    metabase_email: str | None  # LENS_METABASE_EMAIL: of its administrator, made on the first push
    metabase_password: str | None = field(repr=False)  # LENS_METABASE_PASSWORD
    metabase_api_key: str | None = field(repr=False)  # LENS_METABASE_API_KEY: instead of those two
    metabase_warehouse: str | None  # LENS_METABASE_WAREHOUSE: host:port as Metabase sees it

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, demo: bool = False
    ) -> "Settings":
        """Settings from `environment` (default: the process's own); empty values count as unset.

        Raises SettingsError naming the variable that cannot be used.
        """
        env = {k: v for k, v in (environment or os.environ).items() if v.strip()}
        demo = demo or env.get("LENS_DEMO_DATABASE", "") == "1"
        home = _folder(env.get("LENS_HOME", PROJECT_ROOT / ".lens"))
        landing, landing_url = _place(env.get("LENS_LANDING"), PROJECT_ROOT / "landing")
        if demo:  # invented files beside one's own would be loaded with them
            landing, landing_url = _place(env.get("LENS_DEMO_LANDING"), home / "demo" / "landing")
        return cls(
            home=home,
            database_url=env.get("LENS_DATABASE_URL"),
            landing=landing,
            landing_url=landing_url,
            landing_options=_options(env, "LENS_LANDING_OPTIONS"),
            settle_seconds=_decimal(env, "LENS_SETTLE_SECONDS", "2"),
            marker=_marker(env),
            exports=_written(env.get("LENS_EXPORTS"), home, "exports", demo=demo),
            backups=_written(env.get("LENS_BACKUPS"), home, "backups", demo=demo),
            backups_kept=_integer(env, "LENS_BACKUPS_KEPT", "14"),
            campaigns=_folder(env.get("LENS_CAMPAIGNS", CAMPAIGNS)),
            expected=_expected(env),
            notifications=_one_of(env, "LENS_NOTIFICATIONS", "jsonl", ("jsonl", "csv", "off")),
            wait_minutes=_integer(env, "LENS_WAIT_MINUTES", "60", least=0),
            consent_when_missing=_one_of(
                env, "LENS_CONSENT_WHEN_MISSING", "exclude", ("exclude", "include")
            ),
            demo=demo,
            currency=env.get("LENS_CURRENCY", "EUR").upper(),
            point_cost=_decimal(env, "LENS_POINT_COST", "0.01"),
            breakage=_share_or(env, "LENS_BREAKAGE", "vintage"),
            breakage_at_issue=_share_or(
                env, "LENS_BREAKAGE_AT_ISSUE", env.get("LENS_BREAKAGE", "vintage")
            ),
            rfm_monetary_basis=_one_of(env, "LENS_RFM_MONETARY_BASIS", "net", ("net", "gross")),
            discount_rate=_decimal(env, "LENS_DISCOUNT_RATE", "0.01"),
            churn_days=_integer(env, "LENS_CHURN_DAYS", "90"),
            past_guest_sales=_one_of(
                env, "LENS_PAST_GUEST_SALES", "attribute", ("attribute", "leave")
            ),
            default_time_zone=env.get("LENS_DEFAULT_TIME_ZONE", "UTC"),
            supersede_limit=_decimal(env, "LENS_SUPERSEDE_LIMIT", "0.20"),
            bi_password=env.get("LENS_BI_PASSWORD"),
            alert_email=tuple(re.findall(r"[^,;\s]+", env.get("LENS_ALERT_EMAIL", ""))),
            alert_from=env.get("LENS_ALERT_FROM", "loyalty-lens@localhost"),
            smtp_url=_url(env, "LENS_SMTP_URL", "smtp://localhost:25", ("smtp", "smtps")),
            alert_webhook=_url(env, "LENS_ALERT_WEBHOOK", "", ("http", "https")) or None,
            digest_email=_one_of(env, "LENS_DIGEST_EMAIL", "0", ("0", "1")) == "1",
            log_days=_integer(env, "LENS_LOG_DAYS", "90"),
            raw_days=_integer(env, "LENS_RAW_DAYS", "0", least=0),
            privacy_key=env.get("LENS_PRIVACY_KEY"),
            retention=_periods(env, "LENS_RETENTION", RETAINED),
            feed=_feed(env),
            dbt_threads=_integer(env, "LENS_DBT_THREADS", "2"),
            log_level=_one_of(env, "LENS_LOG_LEVEL", "INFO", LOG_LEVELS),
            metabase_url=env.get("LENS_METABASE_URL"),
            metabase_email=env.get("LENS_METABASE_EMAIL"),
            metabase_password=env.get("LENS_METABASE_PASSWORD"),
            metabase_api_key=env.get("LENS_METABASE_API_KEY"),
            metabase_warehouse=env.get("LENS_METABASE_WAREHOUSE"),
        )

    @property
    def database(self) -> str:
        """The database's name on the embedded server."""
        return DATABASE + DEMO_SUFFIX if self.demo else DATABASE


def own_data_sets() -> Path | None:
    """LENS_DATASETS: a file that adds to datasets.yml (names, aliases, settings); None: unset."""
    value = os.environ.get("LENS_DATASETS", "").strip()
    return _folder(value) if value else None


def _folder(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _place(text: str | None, default: Path) -> tuple[Path, str | None]:
    """A folder, and the URL if it is none: then the folder is the default one."""
    if text and "://" in text and not text.startswith("file://"):
        return _folder(default), text
    return _folder(unquote(text.removeprefix("file://")) if text else default), None


def _written(text: str | None, home: Path, name: str, *, demo: bool) -> Path:
    """A folder that is written to; invented customers never lie beside one's own."""
    if demo:
        return _folder(text) / "demo" if text else home / "demo" / name
    return _folder(text) if text else home / name


def _options(env: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        options = json.loads(env.get(name, "{}"))
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise SettingsError(f'{name} is no JSON object: use one such as {{"anon": true}}')
    return options


def _periods(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> dict[str, int]:
    periods = {}
    for word in env.get(name, "").split():
        key, _, days = word.partition("=")
        if key not in known or not days.isdecimal() or int(days) < 1:
            raise SettingsError(
                f"{name}: {word!r} is no data set and its days: use one such as {known[0]}=1095"
                f" ({', '.join(known)})"
            )
        periods[key] = int(days)
    return periods


def _marker(env: Mapping[str, str]) -> str | None:
    marker = env.get("LENS_MARKER")
    if marker and (marker == "." or "/" in marker):
        raise SettingsError(f"LENS_MARKER is {marker!r}: use a suffix or a name: .done or _SUCCESS")
    return marker


def _feed(env: Mapping[str, str]) -> str | None:
    feed = env.get("LENS_FEED")
    known = sorted(path.stem for path in FEEDS.glob("*.yml"))
    if feed and feed not in known:
        raise SettingsError(
            f"LENS_FEED is {feed!r}: use {' or '.join(known)}, or add {feed}.yml to"
            " great_expectations/feeds"
        )
    return feed


def _decimal(env: Mapping[str, str], name: str, default: str) -> Decimal:
    text = env.get(name, default)
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise SettingsError(f"{name} is {text!r}: use a number such as {default}")
    return value


def _share_or(env: Mapping[str, str], name: str, default: str) -> str:
    """A share from 0 to 1 as text, or the word `vintage`."""
    text = env.get(name, default).lower()
    try:
        is_share = 0 <= Decimal(text) <= 1
    except InvalidOperation:
        is_share = False
    if text != "vintage" and not is_share:
        raise SettingsError(f"{name} is {text!r}: use vintage, or a share such as 0.05")
    return text


def _one_of(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    text = env.get(name, default)
    for choice in allowed:
        if text.lower() == choice.lower():
            return choice
    raise SettingsError(f"{name} is {text!r}: use {' or '.join(allowed)}")


def _expected(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(re.findall(r"[^,;\s]+", env.get("LENS_EXPECTED", "").lower()))


def _url(env: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    """Never in a message: it may hold a password."""
    text = env.get(name, default)
    try:
        parts = urlsplit(text)
        is_usable = not text or (parts.scheme in schemes and bool(parts.hostname))
        _ = parts.port
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(f"{name} is no address: use one such as {schemes[-1]}://host:port")
    return text


def _integer(env: Mapping[str, str], name: str, default: str, *, least: int = 1) -> int:
    text = env.get(name, default)
    if not text.isdecimal() or int(text) < least:
        raise SettingsError(f"{name} is {text!r}: use a whole number such as {default}")
    return int(text)
