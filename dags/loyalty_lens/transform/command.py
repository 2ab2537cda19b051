"""The command `dbt` of this project's .venv: dbt itself, told where the warehouse is.

profiles.yml can only read the environment. Where nothing is set there, this fills it from
LENS_DATABASE_URL or from what `lens start` wrote, so that plain `../.venv/bin/dbt build` in
dbt_project works as it stands. Everything else is dbt's own.
"""

import os
import sys

from loyalty_lens.errors import LensError
from loyalty_lens.settings import Settings
from loyalty_lens.transform.build import refuse_unjudged
from loyalty_lens.transform.environment import dbt_environment
from loyalty_lens.warehouse.access import running_url
from loyalty_lens.warehouse.connection import connected

BUILDING = {"build", "run"}
CONNECTING = {"build", "run", "test", "seed", "snapshot", "show", "source", "run-operation"}
CONNECTING |= {"compile", "docs", "debug", "retry", "clone", "freshness"}


def main() -> None:
    """Entry point: sets the environment, checks that the server answers, hands over to dbt."""
    if CONNECTING & set(sys.argv[1:]) and "LENS_PG_HOST" not in os.environ:
        try:
            _point_to_warehouse()
        except LensError as error:
            print(f"dbt: {error}", file=sys.stderr)  # noqa: T201
            sys.exit(1)
    from dbt.cli.main import cli

    cli()


def _point_to_warehouse() -> None:
    settings = Settings.from_environment()
    url = running_url(settings)
    with connected(url):
        os.environ.update(dbt_environment(settings, url))
    if BUILDING & set(sys.argv[1:]):
        refuse_unjudged(url)


if __name__ == "__main__":
    main()
