"""Inside the process of `SharedDbt`: the product's own dbt, for whichever warehouse is asked.

What takes seconds is parsing the project. The manifest that comes of it differs between warehouses
by nothing but the name of the database, so it is told the one that a request is for.
"""

import os
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.transform import connections, runner

prepare = runner.prepare


def handle(request: dict[str, Any]) -> list[dict[str, Any]]:
    """`runner.handle` in `request["environment"]`, which is that of the warehouse's dbt."""
    environment: dict[str, str] = request.pop("environment")
    for name in [name for name in os.environ if name.startswith("LENS_")]:
        del os.environ[name]
    os.environ.update(environment)
    turn_to(environment["LENS_PG_DATABASE"])
    return runner.handle(request)


def turn_to(database: str) -> None:
    """The manifest lies in that database from here on; no connection to another one is kept."""
    manifest = runner._manifest()
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    if all(node.database == database for node in nodes):
        return
    for node in nodes:
        if node.relation_name:
            node.relation_name = node.relation_name.replace(
                f'"{node.database}".', f'"{database}".', 1
            )
        node.database = database
    manifest.build_flat_graph()  # what macros see as `graph`
    for arguments, kept in list(connections._waiting):
        if arguments.get("dbname", arguments.get("database")) != database:
            connections._waiting.remove((arguments, kept))
            Connection.close(kept)
