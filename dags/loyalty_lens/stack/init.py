"""The container `init`: databases, every mart (empty), Airflow's tables, and the demo.

It runs at every `docker compose up`; what is there already stays as it is.
"""

import logging
import os
import sys
from collections.abc import Mapping

from loyalty_lens.errors import LensError, SettingsError
from loyalty_lens.settings import Settings
from loyalty_lens.stack import airflow_cli, demo_files, marts
from loyalty_lens.stack.owner import make_owner
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import shown

LOG = logging.getLogger("init")
FIRST_RUN = "first_run_of_the_demo"


def main() -> None:
    """Prints a line for each step; on failure one line, and exit code 1."""
    logging.basicConfig(level="INFO", format="%(name)s: %(message)s", stream=sys.stdout)
    try:
        init(os.environ)
    except LensError as error:
        sys.exit(f"init: {error}")


def init(environment: Mapping[str, str]) -> None:
    """All steps, in order. Raises LensError."""
    settings = Settings.from_environment(environment)
    is_demo = _wants_demo(environment)
    customers = _whole(environment, "LENS_DEMO_CUSTOMERS")
    days = _whole(environment, "LENS_DEMO_DAYS")
    make_owner(environment["WAREHOUSE_ADMIN_URL"], settings.database_url or "")
    url = warehouse_url(settings)
    LOG.info("warehouse ready: %s", shown(url))
    missing = marts.build_missing(settings, url)
    LOG.info("marts: %d built, empty", len(missing)) if missing else LOG.info("marts: all there")
    airflow_cli.migrate()
    LOG.info("Airflow's database is up to date")
    if is_demo:
        _demo(settings, customers, days)


def _demo(settings: Settings, customers: int, days: int) -> None:
    is_new = demo_files.generate_once(
        settings.landing, customers=customers, days=days, currency=settings.currency
    )
    LOG.info("demo: files generated" if is_new else "demo: files are there")
    is_queued = airflow_cli.trigger_once(FIRST_RUN)
    airflow_cli.unpause("demo_feed")
    LOG.info("demo: first run queued" if is_queued else "demo: the first run was queued before")


def _wants_demo(environment: Mapping[str, str]) -> bool:
    text = environment.get("LENS_DEMO", "0")
    if text not in ("0", "1"):
        raise SettingsError(
            f"LENS_DEMO is {text!r}: use 1 (an invented shop) or 0 (your own files)"
        )
    return text == "1"


def _whole(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} is {text!r}: use a whole number such as 200")
    return int(text)


if __name__ == "__main__":
    main()
