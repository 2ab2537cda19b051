"""Rules and their versions on a terminal."""

from decimal import Decimal

from rich.console import Console
from rich.markup import escape

from loyalty_lens.points.rules import Rules, RuleVersion
from loyalty_lens.report.show import number


def show_rules(console: Console, found: Rules, currency: str) -> None:
    """Two lines a version: dates and what it gives; then conditions and where it came from."""
    if not found.versions:
        console.print("no loyalty rules, nothing is earned: deliver a file loyalty_rules.csv")
        return
    in_force = sum(version.is_in_force for version in found.versions)
    console.print(
        f"{number(in_force)} of {number(len(found.versions))} versions are in force on"
        f" {found.business_date or 'no date: no sale was ever accepted'}",
        highlight=False,
    )
    for version in found.versions:
        colour = "green" if version.is_in_force else "dim"
        console.print(
            f"\n[bold]{version.kind} {escape(version.id)} v{version.version}[/]"
            f" {escape(version.name)}  [{colour}]{version.status}[/]  {dates(version)}",
            highlight=False,
            soft_wrap=True,
        )
        conditions = [*version.conditions]
        if version.kind == "rule":
            conditions.append(f"group {version.group}" if version.group else "no group")
        console.print(
            f"  {gives(version, currency)}; {escape('; '.join(conditions) or 'no conditions')}",
            highlight=False,
            soft_wrap=True,
        )
        console.print(f"  {version.source}", style="dim", markup=False, soft_wrap=True)


def dates(version: RuleVersion) -> str:
    """The first and the last day in force, in words."""
    first = version.first_day or "the beginning"
    return f"from {first}" + (f" to {version.last_day}" if version.last_day else " on")


def gives(version: RuleVersion, currency: str) -> str:
    """Rate, threshold and bonus, in words."""
    parts = []
    if version.rate:
        parts.append(f"{plain(version.rate)} points per {currency}")
    if version.multiplier and version.multiplier > 1:
        parts.append(f"{plain(version.multiplier)} times the points of the rules")
    if version.bonus:
        parts.append(f"{number(version.bonus)} bonus points")
    told = " and ".join(parts) or "no points"
    if version.threshold:
        told += f" from {version.threshold:,.2f} {currency} a purchase"
    return told


def plain(value: Decimal) -> str:
    """A number without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
