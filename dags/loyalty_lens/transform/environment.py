"""What dbt's profiles.yml reads: the connection and the settings, as environment variables."""

from psycopg2.extensions import parse_dsn

from loyalty_lens.settings import PROJECT_ROOT, Settings

PROJECT = PROJECT_ROOT / "dbt_project"


def dbt_environment(settings: Settings, url: str) -> dict[str, str]:
    """The variables LENS_PG_* of a connection URL, and the settings that dbt_project.yml reads."""
    parts = parse_dsn(url)
    environment = {
        "LENS_PG_HOST": parts.get("host", "127.0.0.1"),
        "LENS_PG_PORT": parts.get("port", "5432"),
        "LENS_PG_USER": parts.get("user", ""),
        "LENS_PG_PASSWORD": parts.get("password", ""),
        "LENS_PG_DATABASE": parts.get("dbname", parts.get("user", "")),
        "LENS_DBT_THREADS": str(settings.dbt_threads),
        "LENS_CURRENCY": settings.currency,
        "LENS_CONSENT_WHEN_MISSING": settings.consent_when_missing,
        "LENS_POINT_COST": str(settings.point_cost),
        "LENS_BREAKAGE": settings.breakage,
        "LENS_BREAKAGE_AT_ISSUE": settings.breakage_at_issue,
        "LENS_RFM_MONETARY_BASIS": settings.rfm_monetary_basis,
        "LENS_CHURN_DAYS": str(settings.churn_days),
        "LENS_PAST_GUEST_SALES": settings.past_guest_sales,
        "LENS_DEFAULT_TIME_ZONE": settings.default_time_zone,
    }
    for name in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if name in parts:
            environment[f"LENS_PG_{name.upper()}"] = parts[name]
    return environment
