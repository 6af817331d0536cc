"""
The promised payment in words: what is in the way, and when it will be gone.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dunning.domain import promise_terms as terms
from dunning.domain.promise_terms import Reason, Verdict

#: code -> (sentence, what follows where a moment or a payment does away with it).
SENTENCES: Final[dict[str, tuple[Promise, Promise | str]]] = {
    terms.NOT_OFFERED: (
        _("Promised payments are not offered now. Top up the account."),
        _("They will be offered from %(day)s."),
    ),
    terms.CLASS_REFUSED: (
        _(
            "Accounts of this credit class get no promised payments. Ask us whether that can change."
        ),
        "",
    ),
    terms.ACCOUNT_CLOSED: (_("The account is closed."), ""),
    terms.NO_SERVICE: (_("The account has no service that works or waits for money."), ""),
    terms.IS_OPEN: (
        _("A promised payment is open already. Pay it first."),
        _("What is left of it is %(amount)s."),
    ),
    terms.TOO_SOON: (
        _("The last promised payment was not long ago."),
        _("Possible from %(day)s."),
    ),
    terms.TOO_MANY: (
        _("There were as many promised payments as are given in this time: %(asked)s."),
        _("Possible from %(day)s."),
    ),
    terms.TOO_NEW: (
        _("Promised payments are given after so many months as a subscriber: %(asked)s."),
        _("Possible from %(day)s."),
    ),
    terms.FEW_PAYMENTS: (
        _("There were too few payments of late; so many more are needed: %(more)s."),
        "",
    ),
    terms.LITTLE_PAID: (
        _("Too little was paid of late."),
        _("Possible after a payment of %(amount)s."),
    ),
    terms.BROKE_LATELY: (
        _("A promised payment was not paid in time."),
        _("Possible from %(day)s."),
    ),
    terms.NOT_HONOURED: (
        _("The last promised payment was not paid in full."),
        _("Possible after a payment of %(amount)s."),
    ),
    terms.DEBT_TOO_SMALL: (
        _("Promised payments are given for a debt of %(asked)s or more beyond the credit limit."),
        "",
    ),
    terms.DEBT_TOO_LARGE: (
        _("The debt is larger than %(asked)s."),
        _("Possible after a payment of %(amount)s."),
    ),
    terms.NOTHING_MISSING: (_("Nothing is missing: all services work."), ""),
    terms.NO_FEE: (_("There is no monthly fee to reckon the sum from."), ""),
    terms.TOO_DEEP: (
        _("The debt is larger than a promised payment can lift."),
        _("Possible after a payment of %(amount)s."),
    ),
    terms.TOO_MUCH: (_("At most %(most)s."), ""),
    terms.TOO_LITTLE: (_("It must be more than its price, %(price)s."), ""),
    terms.NOT_EXACT: (_("The amount is %(most)s and no other."), ""),
}
#: Of these the date is in place of the sentence.
DATED_ALONE: Final = frozenset({terms.NOT_OFFERED})


def explain(reason: Reason, *, verdict: Verdict) -> str:
    """Return the sentences that tell a person what is in the way, and when or how it will be gone."""
    sentence, remedy = SENTENCES[reason.code]
    values = {
        "day": written_moment(reason.possible_at) if reason.possible_at else "",
        "amount": written_money(reason.to_pay or Decimal(0)),
        "asked": _written(reason.asked),
        "more": reason.more,
        "most": written_money(verdict.max_amount),
        "price": written_money(verdict.price),
    }
    is_temporary = reason.possible_at is not None or reason.to_pay is not None
    told = [str(sentence) % values]
    if is_temporary and remedy:
        said = str(remedy) % values
        told = [said] if reason.code in DATED_ALONE else [*told, said]
    return " ".join(told)


def written_money(amount: Decimal) -> str:
    """Return `1 234,50 ₽`, in English `₽1,234.50`."""
    figure = formats.number_format(amount, decimal_pos=2, force_grouping=True)
    is_english = (get_language() or "ru").startswith("en")
    return f"₽{figure}" if is_english else f"{figure}\u00a0₽"


def written_moment(moment: datetime) -> str:
    """Return the day in the operator's zone, with the time if it is not the day's beginning."""
    local = timezone.localtime(moment)
    day = formats.date_format(local)
    return day if (local.hour, local.minute) == (0, 0) else f"{day}, {local:%H:%M}"


def _written(asked: Decimal | int | None) -> object:
    return written_money(asked) if isinstance(asked, Decimal) else asked
