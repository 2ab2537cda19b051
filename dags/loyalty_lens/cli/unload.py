"""`lens unload`: a delivery that should never have come is taken out."""

import click

from loyalty_lens.landing.unloading import unload as unload_batch
from loyalty_lens.pipeline.run import single_step
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url


@click.command()
@click.argument("batch", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in ops.audit_log.")
@click.pass_obj
def unload(settings: Settings, batch: int, reason: str) -> None:
    """Take a batch out, with nothing in its place.

    Its rows stay in raw and count nowhere; what had lost to them or refers to them is judged again
    in the next run. The same file stays out, also while it still lies in the landing folder;
    lens ingest --replace BATCH brings it back, other content at its path is a new delivery.
    """
    url = warehouse_url(settings)
    with single_step(settings, url, "unload"):
        done = unload_batch(url, batch, reason)
    again = f"; {done.batches_to_judge} batches are to be judged" if done.batches_to_judge else ""
    click.echo(
        f"batch {batch} ({done.source_file}, {done.rows_read:,} rows of {done.data_set}) is"
        f" out{again}. lens run brings the marts up to date."
    )


COMMANDS = (unload,)
