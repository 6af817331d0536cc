"""
Deposits: taken from the balance when a service is ordered, or by an agent; returned to it.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, CreditClass, Deposit
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import Posted, post
from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.operations import change_state, record_event


class UnableToKeepDeposit(Exception):
    """The deposit can't be taken or returned; `field` names what was wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def deposit_for(account: Account, deposit: Decimal) -> Decimal:
    """Return what of a plan's deposit an account of its credit class pays."""
    held = CreditClass.objects.filter(code=account.credit_class).first()
    return round_money(deposit * held.deposit_percent / 100) if held else deposit


@transaction.atomic
def take_deposit(
    *,
    account_id: int,
    amount: Decimal,
    request_id: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    subscription_id: int | None = None,
    plan_version_id: int | None = None,
    reason: str = "",
) -> Deposit:
    """
    Take money off the balance and keep it apart; the same request takes it once.

    A prepaid account must have the money, what is held left out; on a postpaid one it is owed.
    Raises UnableToKeepDeposit.
    """
    if amount <= 0 or amount != round_money(amount):
        raise UnableToKeepDeposit(_("The amount must be positive, in whole minor units."), "amount")
    account = Account.objects.get(pk=account_id)
    kept, is_new = Deposit.objects.get_or_create(
        account_id=account_id,
        request_id=request_id,
        defaults={
            "subscription_id": subscription_id,
            "plan_version_id": plan_version_id,
            "amount": amount,
            "reason": reason[:200],
            "taken_on": business_date,
            "taken_at": now,
            "actor": actor,
            "on_behalf_of": on_behalf_of,
        },
    )
    if (kept.amount, kept.subscription_id) != (amount, subscription_id):
        raise UnableToKeepDeposit(_("This request was another deposit."))
    if not is_new:
        return kept
    posted = _post(
        kept, Kind.DEPOSIT, -amount, on=business_date, now=now, who=(actor, on_behalf_of)
    )
    held = AccountBalance.objects.values_list("held", flat=True).get(pk=account_id)
    if account.kind == Account.Kind.PREPAID and posted.money < held:
        raise UnableToKeepDeposit(
            _("There is not enough money on the account for the deposit of %(amount)s.")
            % {"amount": f"{amount:.2f}"},
            "amount",
        )
    _tell("deposit.taken", kept, now=now, who=(actor, on_behalf_of))
    return kept


@transaction.atomic
def return_deposit(
    *,
    deposit_id: int,
    reason: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Deposit:
    """
    Give a deposit back to the balance, where it pays what is owed; the rest stays there.

    Raises UnableToKeepDeposit if it was returned before.
    """
    kept: Deposit = Deposit.objects.select_for_update(no_key=True).get(pk=deposit_id)
    if kept.state != Deposit.State.HELD:
        raise UnableToKeepDeposit(_("This deposit was returned before."))
    if not reason.strip():
        raise UnableToKeepDeposit(_("Say why it is returned."), "reason")
    who = (actor, on_behalf_of)
    kept.return_reason = reason.strip()[:200]
    posted = _post(kept, Kind.DEPOSIT_RETURN, kept.amount, on=business_date, now=now, who=who)
    debt = min(kept.amount, max(ZERO, kept.amount - posted.money))
    Deposit.objects.filter(pk=kept.pk).update(
        returned_on=business_date, returned_at=now, return_reason=kept.return_reason, debt=debt
    )
    change_state(
        model=Deposit,
        ids=[kept.pk],
        to=Deposit.State.RETURNED,
        at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=kept.return_reason,
    )
    kept.refresh_from_db()
    _tell("deposit.returned", kept, now=now, who=who)
    return kept


def _post(
    kept: Deposit, kind: Kind, amount: Decimal, *, on: date, now: datetime, who: tuple[str, str]
) -> Posted:
    posting = Posting(
        account_id=kept.account_id,
        kind=kind,
        ref=kept.pk,
        amount=amount,
        business_date=on,
        about_subscription_id=kept.subscription_id,
        explanation={"deposit": kept.pk, "reason": kept.return_reason or kept.reason},
    )
    return post(postings=[posting], now=now, actor=who[0], on_behalf_of=who[1])[0]


def _tell(kind: str, kept: Deposit, *, now: datetime, who: tuple[str, str]) -> None:
    record_event(
        kind=kind,
        account_id=kept.account_id,
        customer_id=Account.objects.values_list("customer_id", flat=True).get(pk=kept.account_id),
        subscription_id=kept.subscription_id,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data={
            "deposit_id": kept.pk,
            "amount": str(kept.amount),
            "debt": str(kept.debt) if kept.debt is not None else None,
            "reason": kept.return_reason or kept.reason,
        },
    )
