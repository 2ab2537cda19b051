"""The whole push, from an empty Metabase or onto an earlier one."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from loyalty_lens.errors import WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected
from metabase.definition import Definition, read_definition
from metabase.provision import collection as collections
from metabase.provision import site, warehouse
from metabase.provision.access import enter
from metabase.provision.cards import Place, push_cards
from metabase.provision.client import Metabase, wait_until_up
from metabase.provision.dashboards import push_dashboards
from metabase.provision.dashcards import Shown
from metabase.provision.descriptions import comments_of
from metabase.provision.report import Report
from metabase.provision.target import Target, Warehouse

WAIT_SECONDS = 300.0
POLL_SECONDS = 5.0
FIRST_RUN = "select exists (select from ops.pipeline_runs where status = 'success')"


@dataclass(frozen=True)
class Pushed:
    """What a push left behind."""

    url: str  # Metabase's own word for its address, else the one it was reached under
    dashboards: dict[str, int]  # key: id in Metabase
    cards: dict[str, int]
    report: Report

    @property
    def addresses(self) -> list[str]:
        """Where to look at the dashboards."""
        return [f"{self.url}/dashboard/{number}" for number in self.dashboards.values()]


def push(
    settings: Settings,
    say: Callable[[str], None],
    *,
    wait: float = WAIT_SECONDS,
    definition: Definition | None = None,
) -> Pushed:
    """Brings Metabase to what the definition (default: the files) says, and nothing else.

    Waits `wait` seconds for Metabase to be up; tells each change to `say`. Raises SettingsError,
    MetabaseError, and NothingBuiltError (after Metabase is set up and connected) without marts.
    """
    target = Target.from_settings(settings)
    source = Warehouse.from_settings(settings)
    definition = definition or read_definition(currency=settings.currency)
    needed = warehouse.Needed.by(definition)
    report = Report(say)
    with Metabase(target.url, (*target.secrets, source.password)) as api:
        wait_until_up(api, wait)
        enter(api, target, report)
        database = warehouse.connect(api, source, report)
        warehouse.require_marts(source, needed)
        fields = warehouse.synchronised(api, database, needed, comments_of(source), report)
        owned = collections.owned_collection(api, source.name, report)
        site.let_viewers_in(api, database, owned, report)
        place = Place(database, owned, fields, settings.currency)
        cards = push_cards(api, definition, place, report)
        shown = Shown(definition.cards, cards, settings.currency)
        dashboards = push_dashboards(api, definition, owned, shown, report)
        kept = {"card": set(cards.values()), "dashboard": set(dashboards.values())}
        collections.archive_others(api, owned, kept, report)
        site.show_first(api, next(iter(dashboards.values())), owned, report)
        address = api.get("/api/session/properties").get("site-url") or target.url
    return Pushed(address.rstrip("/"), dashboards, cards, report)


def wait_for_first_run(settings: Settings, seconds: float) -> bool:
    """True as soon as a run has succeeded, False when none has within `seconds`."""
    url = warehouse_url(settings)
    end = time.monotonic() + seconds
    while True:
        # A warehouse that is restarted meanwhile comes back, or the time is up.
        with (
            suppress(WarehouseError),
            connected(url) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(FIRST_RUN)
            if cursor.fetchone() == (True,):
                return True
        if time.monotonic() >= end:
            return False
        time.sleep(min(POLL_SECONDS, max(0.0, end - time.monotonic())))
