"""The commands about privacy: who may read what."""

import click

from loyalty_lens.privacy.rights import rights_table
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url
from loyalty_lens.warehouse.connection import connected


@click.command()
@click.pass_obj
def rights(settings: Settings) -> None:
    """Who may read what in this warehouse: a table of objects and roles."""
    with connected(warehouse_url(settings)) as connection:
        click.echo(rights_table(connection), nl=False)


COMMANDS = (rights,)
