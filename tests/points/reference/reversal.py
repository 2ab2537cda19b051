"""What returns take and give back: the share of all returns so far, less what is done already."""

import datetime as dt
from decimal import Decimal

from tests.points.reference.earning import Earned
from tests.points.reference.model import Settings
from tests.points.reference.purchases import Purchase, Return


def share(points: int, returned: Decimal, amount: Decimal) -> int:
    """floor(points x returned / amount); everything once nothing is left."""
    return points if returned >= amount else int(points * returned // amount)


def reversals(purchase: Purchase, earned: Earned, settings: Settings) -> list[tuple[Return, int]]:
    """The points of a lot that each return takes back, in the order of the returns."""
    taken = 0
    returned = Decimal()
    found = []
    for back in purchase.returns:
        returned += back.amount
        due = _due(purchase, earned, returned, settings)
        found.append((back, due - taken))
        taken = due
    return found


def refunds(purchase: Purchase, redemptions: list[tuple[dt.date, int]]) -> list[tuple[Return, int]]:
    """The points that each return gives back, of those redeemed on the sale up to its day."""
    given = 0
    returned = Decimal()
    found = []
    for back in purchase.returns:
        returned += back.amount
        redeemed = sum(points for day, points in redemptions if day <= back.header.business_date)
        due = share(redeemed, returned, purchase.merchandise_amount)
        found.append((back, due - given))
        given = due
    return found


def _due(purchase: Purchase, earned: Earned, returned: Decimal, settings: Settings) -> int:
    amount = purchase.merchandise_amount
    if not settings.reverse_threshold_bonus:
        return share(earned.points, returned, amount)
    is_bonus_lost = returned >= amount or amount - returned < earned.threshold
    return share(earned.base, returned, amount) + (earned.bonus if is_bonus_lost else 0)
