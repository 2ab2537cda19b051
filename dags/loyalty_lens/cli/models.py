"""The command for what can be foretold of customers and of sales: lens models."""

from typing import Any

import click
from rich.console import Console

from loyalty_lens.pipeline.lock import only_run
from loyalty_lens.pipeline.models import run_models
from loyalty_lens.pipeline.workers import Workers
from loyalty_lens.report import show
from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import warehouse_url

SALES = "Sales forecast"  # its module would bring statsmodels along


@click.command()
@click.pass_obj
def models(settings: Settings) -> None:
    """Fit lifetime value, churn and clusters, score every customer, and foretell sales."""
    url = warehouse_url(settings)
    with only_run(url), Workers(settings, url) as workers:
        found = run_models(settings, url, workers)
    show_models(show.screen(), found)


def show_models(console: Console, found: dict[str, Any]) -> None:
    """What was fitted, and how well it foretold what it had not seen."""
    if not found["business_date"]:
        console.print("Nobody has bought anything yet: nothing to fit")
        return
    for fit in found["fits"]:
        reason = f": {fit['message']}" if fit["message"] else ""
        what = "series" if fit["model"] == SALES else "customers"
        told = f"{fit['model']} {fit['status']} on {show.number(fit['customers'])} {what}{reason}"
        console.print(told, highlight=False, soft_wrap=True)
    if found["metrics"]:
        show.table(
            console,
            "How well the models foretell",
            ("model", "metric", "value", "baseline"),
            [
                (
                    metric["model"],
                    metric["metric"],
                    f"{metric['value']:.3f}",
                    f"{metric['baseline_value']:.3f}",
                )
                for metric in found["metrics"]
            ],
            text_columns=2,
        )
    console.print(
        f"{show.number(found['customers'])} customers scored as of {found['business_date']}",
        highlight=False,
    )


COMMANDS = (models,)
