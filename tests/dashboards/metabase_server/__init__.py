"""A stand-in for Metabase: small, stateful, strict where Metabase is, on the real warehouse.

It keeps what the public API keeps (users, databases, collections, cards, dashboards, permissions,
settings), refuses what Metabase refuses, and runs cards on the PostgreSQL they name. It is no
Metabase: it draws nothing, and knows only the calls that the push and the check make.
"""

from tests.dashboards.metabase_server.server import MetabaseServer
from tests.dashboards.metabase_server.state import Fault, Recorded

__all__ = ["Fault", "MetabaseServer", "Recorded"]
