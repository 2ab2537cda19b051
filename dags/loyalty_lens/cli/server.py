"""The commands for the warehouse itself: start, stop, reset, url."""

from contextlib import suppress

import click

from loyalty_lens.bring.throwaway import sweep
from loyalty_lens.errors import SettingsError, WarehouseError
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse import formats
from loyalty_lens.warehouse.access import (
    bi_url,
    drop_warehouse,
    stop_server,
    warehouse_url,
    with_password,
)
from loyalty_lens.warehouse.connection import shown
from loyalty_lens.warehouse.server import EmbeddedServer


@click.command()
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the embedded server (or reach your own) and bring its schemas up to date."""
    address = warehouse_url(settings)
    sweep(address)
    click.echo(f"warehouse ready: {shown(address)}")


@click.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the embedded server; every command brings it back."""
    if settings.database_url:
        raise SettingsError(
            "LENS_DATABASE_URL names a server of your own; only the embedded one is stopped here"
        )
    click.echo("server stopped" if stop_server(settings) else "no server was running")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(settings: Settings, yes: bool) -> None:
    """Remove the warehouse: every loaded row, result and mart. Files are not touched."""
    where = shown(settings.database_url) if settings.database_url else str(settings.home)
    what = "the demo warehouse" if settings.demo else "the warehouse"
    if not yes:
        click.confirm(f"Remove {what} at {where}? All loaded data go", abort=True)
    _sweep_looks(settings)
    drop_warehouse(settings)
    click.echo(f"{what} removed; the next command starts with an empty one")


def _sweep_looks(settings: Settings) -> None:
    """Removes what killed checks left; a database of theirs would keep the embedded server."""
    if settings.database_url:
        sweep(settings.database_url)
        return
    server = EmbeddedServer(settings.home)
    if server.exists():
        with suppress(WarehouseError):  # a server that cannot start goes as a whole
            sweep(server.start().url("postgres"))


@click.command()
@click.option("--jdbc", "style", flag_value="jdbc", help="As a JDBC URL, for Java clients.")
@click.option("--env", "style", flag_value="env", help='As export lines: eval "$(lens url --env)".')
@click.option("--bi", is_flag=True, help="As lens_bi: marts without contact data, read only.")
@click.pass_obj
def url(settings: Settings, style: str | None, bi: bool) -> None:
    """Print how to connect with psql, a notebook, a BI tool."""
    address = with_password(bi_url(settings)) if bi else warehouse_url(settings)
    form = {"jdbc": formats.jdbc, "env": formats.env}.get(style or "", str)
    click.echo(form(address))


COMMANDS = (start, stop, reset, url)
