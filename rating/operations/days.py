"""
Which business day usage may still be charged on: the ledger doesn't forget a slip of the pen.
"""

from datetime import date, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from rating import queries

#: As far back as the next bill looks for entries that came late (invoicing).
LATE_DAYS: Final = 92


class UnableToChargeDay(Exception):
    """The day is yet to come, or so long past that its charges would stand on no bill."""


def check_day(*, business_date: date, today: date) -> None:
    """
    Let a business day pass if usage may be charged on it.

    Days are counted back from the newest one that had usage, so that an installation may be filled
    with what is years old. Raises UnableToChargeDay.
    """
    day = date_format(business_date, "SHORT_DATE_FORMAT")
    if business_date > today:
        raise UnableToChargeDay(_("%(day)s is yet to come.") % {"day": day})
    newest = queries.newest_business_date()
    if newest and business_date < newest - timedelta(days=LATE_DAYS):
        message = _("%(day)s is too long past: usage is charged up to %(newest)s already.")
        last = date_format(newest, "SHORT_DATE_FORMAT")
        raise UnableToChargeDay(message % {"day": day, "newest": last})
