"""The last day on which points are valid."""

import calendar
import datetime as dt

from tests.points.reference.model import Settings


def valid_through(day: dt.date, settings: Settings) -> dt.date:
    """`months`: so many months on, to the end of that month; `calendar_year`: of that year."""
    months = day.year * 12 + day.month - 1 + settings.validity_months
    year, month = months // 12, months % 12 + 1
    if settings.expiry == "calendar_year":
        return dt.date(year, 12, 31)
    return dt.date(year, month, calendar.monthrange(year, month)[1])
