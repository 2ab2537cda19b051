"""Tables of `lens status` that say how good the data are; readable at 80 columns."""

from decimal import Decimal

from rich.console import Console

from loyalty_lens.report.health import Health, Score
from loyalty_lens.report.show import number, table

COLOURS = {"FAIL": "red", "BELOW TARGET": "yellow", "LATE": "yellow", "PASS": "green"}


def show_health(console: Console, health: Health, currency: str) -> None:
    """Waiting files, scores against targets, open rejects with what they cost, runs."""
    if health.waiting:
        told = ", ".join(f"{name} {number(count)}" for name, count in health.waiting.items())
        console.print(f"Files waiting to be judged: {told}", highlight=False, soft_wrap=True)
    _show_scores(console, health.scores)
    _show_rejects(console, health, currency)
    _show_runs(console, health)
    _show_day(console, health)


def _show_scores(console: Console, scores: tuple[Score, ...]) -> None:
    rows = [
        (
            score.data_set,
            _coloured(score.status),
            f"{score.score:.2f}" if score.score is not None else "n/a",
            f"{score.target:.0f}" if score.target is not None else "-",
            str(score.date or "never"),
            "-" if score.age_days is None else f"{score.age_days} d",
            "-" if score.sla_days is None else f"{score.sla_days} d",
        )
        for score in scores
    ]
    if not rows:
        return
    columns = ("data set", "status", "score", "target", "of day", "age", "may be")
    table(console, "Quality and freshness (marts.dq_scores)", columns, rows, text_columns=2)
    for score in scores:
        if score.status in ("FAIL", "BELOW TARGET") and score.worst_check:
            column = f" of {score.worst_column}" if score.worst_column else ""
            console.print(f"{score.data_set}: worst check {score.worst_check}{column}")


def _show_rejects(console: Console, health: Health, currency: str) -> None:
    rows = [
        (
            reject.data_set,
            reject.rule_id,
            number(reject.rows),
            _money(reject.money),
            number(reject.points) if reject.points else "-",
        )
        for reject in health.rejects
    ]
    if rows:
        columns = ("data set", "rule", "rows", currency, "points")
        table(console, "Rejected, by rule, and what is at stake", columns, rows, text_columns=2)
        console.print("(a row counts under each rule that it failed)", style="dim")


def _show_runs(console: Console, health: Health) -> None:
    rows = [
        (
            f"{run.started_at:%Y-%m-%d %H:%M}",
            run.trigger,
            _coloured(run.status),
            str(run.business_date or "-"),
            "-" if run.seconds is None else f"{run.seconds:.1f}",
        )
        for run in health.runs
    ]
    if rows:
        columns = ("started (UTC)", "by", "status", "business date", "seconds")
        table(console, "Last runs", columns, rows, text_columns=4)


def _show_day(console: Console, health: Health) -> None:
    """What dashboards show, what is missing, and whether it could come back."""
    if health.shown:
        over = ", a day that is not over: provisional" if health.shown.is_provisional else ""
        console.print(f"\nShown: {health.shown.business_date}{over}", highlight=False)
        if health.shown.missing_data_sets:
            names = health.shown.missing_data_sets
            console.print(f"[yellow]missing[/] for that day: {names}", highlight=False)
    backup = f"{health.last_backup:%Y-%m-%d %H:%M} UTC" if health.last_backup else "none yet"
    console.print(f"Last backup: {backup}", highlight=False)


def _coloured(status: str) -> str:
    colour = {**COLOURS, "failed": "red", "running": "yellow"}.get(status)
    return f"[{colour}]{status}[/]" if colour else status


def _money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}"
