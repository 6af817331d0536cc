"""
Consents: given by the doors before anything that recurs begins, withdrawn when it ends.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.domain.consents import LATEST
from accounts.models import Account, Consent
from accounts.queries.consents import of_service


class UnableToWithdraw(Exception):
    """There is no such consent in force."""


@transaction.atomic
def give(
    *,
    account_id: int,
    what: str,
    object_id: int,
    door: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    subscription_id: int | None = None,
    amount: Decimal | None = None,
    per: str = Consent.Per.MONTH,
    terms: Mapping[str, Any] | None = None,
) -> Consent:
    """
    Store that the subscriber agrees to what recurs; `amount` is charged so often as `per` says.

    The same consent given again is the one in force. At another price it takes the place of the
    former, which is withdrawn. `terms` is the offer as it was shown.
    """
    # Two agreements to the same thing at one moment wait for each other here.
    Account.objects.select_for_update(no_key=True).get(pk=account_id)
    former = _in_force(account_id, what, subscription_id).filter(object_id=object_id).first()
    if former is not None and (former.amount, former.per) == (amount, per):
        return former
    if former is not None:
        _withdraw(former, now=now, who=(actor, on_behalf_of), reason=_("Agreed at another price."))
    return Consent.objects.create(
        account_id=account_id,
        subscription_id=subscription_id,
        what=what,
        object_id=object_id,
        amount=amount,
        per=per,
        terms=dict(terms or {}),
        text_version=LATEST,
        door=door,
        given_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )


def _in_force(account_id: int, what: str, subscription_id: int | None) -> "QuerySet[Consent]":
    rows = Consent.objects.select_for_update(no_key=True).filter(
        account_id=account_id, what=what, withdrawn_at__isnull=True
    )
    return of_service(rows, subscription_id)


@transaction.atomic
def withdraw(
    *, consent_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> Consent:
    """
    Withdraw a consent. What it was given to is to be ended by the caller; raises UnableToWithdraw if
    it was withdrawn before.
    """
    consent = Consent.objects.select_for_update(no_key=True).get(pk=consent_id)
    if not consent.is_in_force:
        raise UnableToWithdraw(_("This consent was withdrawn before."))
    _withdraw(consent, now=now, who=(actor, on_behalf_of), reason=reason)
    return consent


@transaction.atomic
def withdraw_all(
    *,
    account_id: int,
    what: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    subscription_id: int | None = None,
    object_id: int | None = None,
    keep_object_id: int | None = None,
    reason: str = "",
) -> int:
    """
    Withdraw the consents in force to a thing of a service (or of the account); return how many.

    `object_id` narrows it to one, `keep_object_id` leaves one as it is.
    """
    rows = _in_force(account_id, what, subscription_id)
    if object_id is not None:
        rows = rows.filter(object_id=object_id)
    if keep_object_id is not None:
        rows = rows.exclude(object_id=keep_object_id)
    found = list(rows.order_by("id"))
    for consent in found:
        _withdraw(consent, now=now, who=(actor, on_behalf_of), reason=reason)
    return len(found)


def _withdraw(consent: Consent, *, now: datetime, who: tuple[str, str], reason: str) -> None:
    consent.withdrawn_at = max(now, consent.given_at)
    consent.withdrawn_by, consent.withdrawn_on_behalf_of = who
    consent.withdraw_reason = reason[:200]
    consent.save(
        update_fields=[
            "withdrawn_at",
            "withdrawn_by",
            "withdrawn_on_behalf_of",
            "withdraw_reason",
        ]
    )
