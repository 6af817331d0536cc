"""
Everything that stands against the closing of an account, as accounts, bills and debts know it.
"""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.queries.closing import reasons_against_closing
from dunning.queries.promises import find_open_promise
from invoicing.models import Dispute
from invoicing.queries.instalments import find_active
from invoicing.queries.unbilled import find_unbilled_since


def list_reasons_against(account_id: int) -> list[str]:
    """Return what has to be done before the account is closed, in words."""
    reasons = reasons_against_closing(account_id)
    since = find_unbilled_since(account_id)
    if since is not None:
        words = _("Charges since %(day)s are on no bill yet: the last bill comes first.")
        reasons.append(words % {"day": date_format(since, "j E Y")})
    if Dispute.objects.filter(account_id=account_id, state=Dispute.State.OPEN).exists():
        reasons.append(_("A charge is disputed: decide the dispute."))
    if find_active(account_id) is not None:
        reasons.append(_("A debt is being paid in instalments."))
    if find_open_promise(account_id) is not None:
        reasons.append(_("A promised payment is open."))
    return reasons
