"""
What the payer chose a payment for; kept beside the payment, and honoured wherever debt is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import CardPayment, Payment, Subscription
from accounts.models.cash_desk import DeskOperation
from accounts.operations import cash_desk
from invoicing.models import Bill, ConsolidatedBill, PaymentChoice
from invoicing.operations.shares import split_for_paper
from invoicing.queries.instalments import find_active
from invoicing.queries.notes import is_void
from invoicing.queries.shares import payer_account


class UnableToChoose(Exception):
    """There is no such thing to pay on the account, or the payment was chosen for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is paid: one of these; none = the oldest debt."""

    bill_id: int | None = None
    subscription_id: int | None = None
    plan_id: int | None = None
    consolidated_id: int | None = None

    @classmethod
    def of(cls, key: str) -> "Target":
        """Read `bill:7`, `subscription:7`, `plan:7`, `consolidated:7`; "" is the oldest debt."""
        what, _colon, number = key.partition(":")
        return cls(**{f"{what}_id": int(number)}) if number else cls()

    @property
    def columns(self) -> dict[str, int]:
        """The one that is chosen, as the column of its row."""
        named = {
            "bill_id": self.bill_id,
            "subscription_id": self.subscription_id,
            "plan_id": self.plan_id,
            "consolidated_id": self.consolidated_id,
        }
        return {name: value for name, value in named.items() if value is not None}


@transaction.atomic
def choose(
    *,
    payment: Payment | CardPayment,
    target: Target,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> PaymentChoice | None:
    """
    Keep what a payment is for; the same again is the same choice. None: the oldest debt.

    Raises UnableToChoose: another choice is kept, or the thing is no live one of this account.
    """
    if not target.columns:
        return None
    check(payment.account_id, target)
    column = "card_payment_id" if isinstance(payment, CardPayment) else "payment_id"
    source: dict[str, Any] = {"account_id": payment.account_id, column: payment.pk}
    said = {"chosen_at": now, "actor": actor, "on_behalf_of": on_behalf_of}
    kept, _is_new = PaymentChoice.objects.get_or_create(**source, defaults=target.columns | said)
    if any(getattr(kept, name) != value for name, value in target.columns.items()):
        raise UnableToChoose(_("The payment is for something else already."))
    return kept


def check(account_id: int, target: Target) -> None:
    """Raise UnableToChoose unless there is such a thing to pay on the account."""
    if len(target.columns) > 1:
        raise UnableToChoose(_("A payment is for one thing."))
    for name, value in target.columns.items():
        if not _FINDERS[name](value, account_id):
            raise UnableToChoose(_("There is nothing of this kind to pay on the account."))


@transaction.atomic
def take_at_desk_for(
    *,
    target: Target,
    cashier_id: int,
    account_id: int,
    amount: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    **desk: Any,
) -> DeskOperation:
    """
    Take a payment at the desk for something chosen: one transaction; for a consolidated bill it is split
    at once. As `cash_desk.take_at_desk` otherwise.
    """
    line = cash_desk.take_at_desk(
        cashier_id=cashier_id,
        account_id=account_id,
        amount=amount,
        business_date=business_date,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        **desk,
    )
    if line.payment is None:
        return line
    choose(payment=line.payment, target=target, now=now, actor=actor, on_behalf_of=on_behalf_of)
    if target.consolidated_id is not None:
        split_for_paper(
            payment_id=line.payment.pk,
            consolidated_id=target.consolidated_id,
            business_date=business_date,
            now=now,
            actor=actor,
        )
    return line


def _is_bill(bill_id: int, account_id: int) -> bool:
    is_of_account = Bill.objects.filter(pk=bill_id, account_id=account_id).exists()
    return is_of_account and not is_void(bill_id)


def _is_service(subscription_id: int, account_id: int) -> bool:
    return bool(Subscription.objects.filter(pk=subscription_id, account_id=account_id).exists())


def _is_plan(plan_id: int, account_id: int) -> bool:
    plan = find_active(account_id)
    return plan is not None and plan.pk == plan_id


def _is_paid_here(consolidated_id: int, account_id: int) -> bool:
    paper = ConsolidatedBill.objects.filter(pk=consolidated_id).first()
    account = payer_account(paper) if paper else None
    return account is not None and account.pk == account_id


_FINDERS: Final[dict[str, Callable[[int, int], bool]]] = {
    "bill_id": _is_bill,
    "subscription_id": _is_service,
    "plan_id": _is_plan,
    "consolidated_id": _is_paid_here,
}
