"""The fold: a customer's postings, one after the other, into lots, debt and ledger entries."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace

from tests.points.reference.model import Entry, Lot, LotKey, Settings
from tests.points.reference.validity import valid_through

DAY = dt.timedelta(days=1)
RELEASED_AT_ONCE = ("OPENING", "ADJUST", "REFUND")


@dataclass(frozen=True)
class Posting:
    """An instruction to the account. `lot` is what a credit opens or a reversal takes from first;
    `sale` what a redemption paid for or a refund gives back for."""

    kind: str
    business_date: dt.date
    points: int
    bonus: int = 0
    moment: dt.datetime | None = None
    lot: LotKey | None = None
    sale: str | None = None
    customer_id: str = ""
    transaction_id: str | None = None
    event_id: str | None = None
    rule_id: str | None = None
    rule_version: int | None = None
    promotion_id: str | None = None
    # Where it is given, the lot is valid through this day whatever the settings say.
    valid_through: dt.date | None = None

    @property
    def step(self) -> int:
        """Its place in the day: 1 is expiry, 2 the release of pending lots."""
        if self.kind == "ADJUST":
            return 3 if self.points > 0 else 5
        return {"OPENING": 3, "EARN": 3, "REVERSE": 4, "REDEEM": 5, "REFUND": 6}[self.kind]

    @property
    def order(self) -> tuple[dt.date, int, dt.datetime, str, str, str, str]:
        return (
            self.business_date,
            self.step,
            self.moment or dt.datetime.min.replace(tzinfo=dt.UTC),
            self.event_id or self.transaction_id or self.customer_id,
            self.rule_id or "",
            self.promotion_id or "",
            self.taken_back or "",
        )

    @property
    def taken_back(self) -> str | None:
        """The sale of a reversal or a refund: one return may take back several."""
        if self.kind == "REVERSE" and self.lot:
            return self.lot.transaction_id
        return self.sale if self.kind == "REFUND" else None


@dataclass
class _OpenLot:
    key: LotKey
    original: int
    remaining: int
    valid_through: dt.date
    available_from: dt.date
    # The entries that opened it: what it repays when released is written there.
    credits: list[int]
    is_released: bool = False


@dataclass
class _Draw:
    """What a debit took from a lot (none: became debt) and a refund has not given back yet."""

    lot: _OpenLot | None
    points: int


class Fold:
    """The account of one customer as it grows."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.entries: list[Entry] = []
        self.debt = 0
        self._lots: list[_OpenLot] = []
        self._by_key: dict[LotKey, _OpenLot] = {}
        self._draws: dict[str, list[_Draw]] = defaultdict(list)

    def run(self, postings: list[Posting], as_of: dt.date) -> None:
        """Works off everything up to the as-of date."""
        waiting = sorted((p for p in postings if p.points or p.bonus), key=lambda p: p.order)
        day = dt.date.min
        while (due := self._next_day(waiting, day)) is not None and due <= as_of:
            day = due
            self._expire(day)
            self._release(day)
            while waiting and waiting[0].business_date == day:
                self._post(waiting.pop(0))

    @property
    def lots(self) -> tuple[Lot, ...]:
        return tuple(
            Lot(lot.key, lot.original, lot.remaining, lot.valid_through, lot.available_from)
            for lot in self._lots
        )

    def _next_day(self, waiting: list[Posting], day: dt.date) -> dt.date | None:
        days = [waiting[0].business_date] if waiting else []
        days += [lot.valid_through + DAY for lot in self._lots if lot.remaining]
        days += [lot.available_from for lot in self._lots if not lot.is_released]
        return min((d for d in days if d > day), default=None)

    def _post(self, posting: Posting) -> None:
        if posting.kind == "REFUND":
            self._refund(posting)
        elif posting.kind == "EARN" or posting.points > 0:
            self._credit(posting)
        else:
            self._debit(posting)

    def _expire(self, day: dt.date) -> None:
        for lot in sorted(self._lots, key=lambda lot: lot.valid_through):
            if lot.remaining and lot.valid_through < day:
                self._expire_lot(lot, lot.remaining, day)

    def _expire_lot(self, lot: _OpenLot, points: int, day: dt.date) -> None:
        lot.remaining -= points
        credit = self.entries[lot.credits[0]]
        self.entries.append(
            Entry(
                customer_id=credit.customer_id,
                entry_type="EXPIRE",
                business_date=day,
                points=-points,
                lot=lot.key,
                valid_through=lot.valid_through,
            )
        )

    def _release(self, day: dt.date) -> None:
        for lot in self._lots:
            if not lot.is_released and lot.available_from <= day:
                self._release_lot(lot)

    def _release_lot(self, lot: _OpenLot) -> None:
        """From now on it can be spent; it pays debt first, its base points before its bonus."""
        lot.is_released = True
        paid = self._pay_debt(lot.remaining)
        lot.remaining -= paid
        for place in lot.credits:
            entry = self.entries[place]
            part = min(paid, entry.points)
            self.entries[place] = replace(entry, repaid_points=part)
            paid -= part

    def _pay_debt(self, points: int) -> int:
        paid = min(points, self.debt)
        self.debt -= paid
        return paid

    def _credit(self, posting: Posting) -> None:
        """Opens a lot: base and bonus points are two entries."""
        assert posting.lot is not None
        lot = self._open(posting.lot, posting.points + posting.bonus, posting.business_date)
        lot.valid_through = posting.valid_through or lot.valid_through
        for kind, points in ((posting.kind, posting.points), ("BONUS", posting.bonus)):
            if points:
                lot.credits.append(len(self.entries))
                self._enter(posting, lot, points, kind=kind)
        if lot.available_from == posting.business_date:
            self._release_lot(lot)

    def _open(self, key: LotKey, points: int, day: dt.date) -> _OpenLot:
        pending = 0 if key.opened_by in RELEASED_AT_ONCE else self.settings.pending_days
        lot = _OpenLot(
            key, points, points, valid_through(day, self.settings), day + pending * DAY, []
        )
        self._lots.append(lot)
        self._by_key[key] = lot
        return lot

    def _debit(self, posting: Posting) -> None:
        """Takes from its own lot, then from the released ones; what they cannot give is debt."""
        owed = -posting.points
        own = self._by_key.get(posting.lot) if posting.lot else None
        released = [lot for lot in self._lots if lot.is_released and lot is not own]
        for lot in ([own] if own else []) + sorted(released, key=lambda lot: lot.valid_through):
            taken = min(owed, lot.remaining)
            if taken:
                lot.remaining -= taken
                owed -= taken
                self._enter(posting, lot, -taken)
                self._remember(posting, lot, taken)
        if owed:
            self.debt += owed
            self._enter(posting, None, -owed)
            self._remember(posting, None, owed)

    def _remember(self, posting: Posting, lot: _OpenLot | None, points: int) -> None:
        if posting.kind == "REDEEM" and posting.sale is not None:
            self._draws[posting.sale].append(_Draw(lot, points))

    def _refund(self, posting: Posting) -> None:
        """Undoes the draws of the sale's redemptions, the last one first."""
        assert posting.sale is not None
        draws = self._draws[posting.sale]
        due = posting.points
        while due:
            draw = draws[-1]
            part = min(due, draw.points)
            due -= part
            draw.points -= part
            if not draw.points:
                draws.pop()
            if draw.lot is None:
                self._refund_debt(posting, part)
            else:
                self._refund_lot(posting, draw.lot, part)

    def _refund_lot(self, posting: Posting, lot: _OpenLot, points: int) -> None:
        paid = self._pay_debt(points)
        lot.remaining += points - paid
        self._enter(posting, lot, points, repaid=paid)
        if lot.remaining and lot.valid_through < posting.business_date:
            self._expire_lot(lot, lot.remaining, posting.business_date)

    def _refund_debt(self, posting: Posting, points: int) -> None:
        """Debt that is still owed is forgiven; what has been repaid since is a lot of its own."""
        paid = self._pay_debt(points)
        if paid:
            self._enter(posting, None, paid)
        if points > paid:
            day = posting.business_date
            key = LotKey("REFUND", day, posting.transaction_id, sale=posting.sale)
            lot = self._by_key.get(key)
            if lot is None:
                lot = self._open(key, 0, day)
                lot.is_released = True
            lot.original += points - paid
            lot.remaining += points - paid
            lot.credits.append(len(self.entries))
            self._enter(posting, lot, points - paid)

    def _enter(
        self,
        posting: Posting,
        lot: _OpenLot | None,
        points: int,
        *,
        repaid: int = 0,
        kind: str | None = None,
    ) -> None:
        self.entries.append(
            Entry(
                customer_id=posting.customer_id,
                entry_type=kind or posting.kind,
                business_date=posting.business_date,
                points=points,
                repaid_points=repaid,
                lot=lot.key if lot else None,
                valid_through=lot.valid_through if lot else None,
                transaction_id=posting.transaction_id,
                event_id=posting.event_id,
                rule_id=posting.rule_id,
                rule_version=posting.rule_version,
                promotion_id=posting.promotion_id,
                sale=posting.taken_back,
            )
        )
