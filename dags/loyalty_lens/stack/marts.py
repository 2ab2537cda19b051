"""Every mart, empty: dashboards are made before the first run and need tables and columns."""

from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import build
from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.warehouse.connection import connected


def build_missing(settings: Settings, url: str) -> list[str]:
    """Builds all models where a mart has no table yet; the names of those marts."""
    missing = missing_marts(url)
    if missing:
        with only_run(url, wait=True), Workers(settings, url) as workers:
            build(url, workers.dbt, "all", run_id=None, business_date=None)
    return missing


def missing_marts(url: str) -> list[str]:
    """Marts of the dbt project that have no table in the warehouse."""
    models = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
        return sorted(models - {name for (name,) in cursor.fetchall()})
