"""An account on a terminal: one sentence, the lots, the ledger, the tier."""

import datetime as dt
from decimal import Decimal

from rich.console import Console
from rich.markup import escape

from loyalty_lens.points.explain import Account, Entry, Lot, Tier
from loyalty_lens.points.show_rules import plain
from loyalty_lens.report.show import number, table

VERBS = {
    "OPENING": "brought along",
    "EARN": "earned",
    "BONUS": "given as bonus",
    "ADJUST": "adjusted",
    "REDEEM": "spent",
    "REVERSE": "taken back for returns",
    "REFUND": "refunded",
    "EXPIRE": "expired",
}


def show_account(console: Console, account: Account, currency: str, point_cost: Decimal) -> None:
    """Readable at 80 columns; every figure with the record that it comes from."""
    console.print(sentence(account), markup=False, highlight=False, soft_wrap=True)
    worth = (account.available + account.pending) * point_cost
    console.print(
        f"available {number(account.available)}, pending {number(account.pending)},"
        f" debt {number(account.debt)};"
        f" at {plain(point_cost)} {currency} a point: {worth:,.2f} {currency}",
        highlight=False,
    )
    console.print(tier_sentence(account.tier, account.date, currency), markup=False, soft_wrap=True)
    _show_lots(console, account, currency)
    _show_entries(console, account)


def sentence(account: Account) -> str:
    """What the balance is made of."""
    parts = [
        f"{number(abs(account.movements[kind]) if kind != 'ADJUST' else account.movements[kind])}"
        f" {verb}"
        for kind, verb in VERBS.items()
        if account.movements.get(kind)
    ]
    told = f"{account.customer_id} has {number(account.balance)} points on {account.date}"
    if not parts:
        return f"{told}: nothing was ever earned or spent."
    told += f": {', '.join(parts)}"
    if account.next_expiry_date:
        told += (
            f"; {number(account.next_expiry_points)} of them can be spent"
            f" until {account.next_expiry_date}, if nothing is spent before"
        )
    return told + "."


def tier_sentence(tier: Tier, date: dt.date, currency: str) -> str:
    """The tier on the date and why."""
    spend = f"net spend of {tier.spend:,.2f} {currency} in the {tier.window_days} days to {date}"
    told = f"Tier {tier.tier}" + (f" since {tier.since}" if tier.since else "") + ": "
    if tier.reached_tier == tier.tier:
        told += f"{spend} reaches it (from {tier.threshold:,.2f})"
    elif tier.floor_until and tier.delivered_tier == tier.tier:
        told += (
            f"so delivered, which holds until {tier.floor_until};"
            f" {spend} alone reaches {tier.reached_tier}"
        )
    else:
        told += (
            f"kept from earlier spend or status until a month end 30 days or more below;"
            f" {spend} reaches {tier.reached_tier}"
        )
    if tier.next_tier and tier.missing_spend is not None and tier.missing_spend > 0:
        told += f"; {tier.missing_spend:,.2f} {currency} more reach {tier.next_tier}"
    return told + "."


def opened(lot: Lot, currency: str) -> str:
    """What opened a lot, with rule, version and reckoning."""
    told = f"{lot.opened_on} {lot.opened_by} {number(lot.original)}"
    if lot.transaction_id:
        told += f" on {lot.transaction_id}"
    if lot.event_id:
        told += f" by event {lot.event_id}"
    if lot.version is not None:
        kind = f"rule {lot.rule_id}" if lot.rule_id else f"promotion {lot.promotion_id}"
        told += f", {kind} v{lot.version} {lot.name or ''}".rstrip()
    if lot.amount is not None:
        rate = f" at {plain(lot.rate)}" if lot.rate is not None else ""
        told += f" ({lot.amount:,.2f} {currency}{rate})"
    return told


def _show_lots(console: Console, account: Account, currency: str) -> None:
    if not account.lots:
        return
    console.print("\nLots, in the order in which they are spent", style="bold")
    for place, lot in enumerate(account.lots, 1):
        gone = {
            "paid debt": lot.repaid,
            "spent": lot.spent,
            "taken back": lot.reversed,
            "adjusted": lot.adjusted,
            "refunded": -lot.refunded,
            "expired": lot.expired,
        }
        told = "".join(f", {name} {number(abs(points))}" for name, points in gone.items() if points)
        left = "pending, from " + str(lot.available_from) if lot.is_pending else "remaining"
        console.print(
            f"{place}. {opened(lot, currency)}\n"
            f"   {left} {number(lot.remaining)} until {lot.valid_through}{told}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        rule = f"; rule: {lot.rule_source}" if lot.rule_source else ""
        console.print(f"   {lot.source}{rule}", style="dim", markup=False, soft_wrap=True)


def _show_entries(console: Console, account: Account) -> None:
    places = {lot.lot_id: place for place, lot in enumerate(account.lots, 1)}
    rows = [
        (
            str(entry.business_date),
            entry.entry_type,
            escape(_cause(entry)),
            f"{entry.source.batch_id}/{entry.source.row}" if entry.source else "-",
            str(places[entry.lot_id]) if entry.lot_id else "debt",
            f"{entry.points:+,}",
            number(entry.balance),
        )
        for entry in account.entries
    ]
    if not rows:
        return
    columns = ("date", "entry", "cause", "record", "lot", "points", "balance")
    table(console, "Ledger", columns, rows, text_columns=4)
    files = {e.source.batch_id: e.source.file for e in account.entries if e.source}
    told = ", ".join(f"{batch} {file}" for batch, file in sorted(files.items()))
    console.print(f"record: batch/row; batches: {told}", style="dim", markup=False, soft_wrap=True)


def _cause(entry: Entry) -> str:
    rule = entry.rule_id or entry.promotion_id
    parts = [entry.transaction_id or entry.event_id]
    parts += [f"{rule} v{entry.version}"] if rule else []
    return " ".join(part for part in parts if part) or "-"
