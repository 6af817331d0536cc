"""
Credit limits: how far below zero an account may go by agreement, granted or of its own choice.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.operations import credit
from accounts.operations.credit import CreditTerms, UnableToChangeCredit
from accounts.queries.credit import list_classes
from billing_project.kernel.money import round_money
from dunning import queries
from dunning.domain.limits import judge_choice, limit_after_move
from dunning.operations.deciding import decide_accounts
from dunning.operations.floors import set_floors
from dunning.queries.limits import Credit, explain_refusal, get_credit

__all__ = [
    "UnableToChangeCredit",
    "UnableToSetLimit",
    "change_credit_class",
    "choose_credit_limit",
    "set_credit_limit",
]


class UnableToSetLimit(Exception):
    """The limit can't be that; the message says why, and what would help. `field` is «limit»."""

    field = "limit"


@transaction.atomic
def set_credit_limit(
    *,
    account_id: int,
    limit: Decimal,
    reason: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Account:
    """
    Grant a credit limit, whatever the class allows; the floor follows, access is decided at once.

    Also below what is used: the operator's word, with a reason. Raises UnableToSetLimit.
    """
    limit = round_money(limit)
    if limit < 0 or not reason.strip():
        raise UnableToSetLimit(_("A credit limit is not negative, and its change has a reason."))
    held = _hold(account_id)
    terms = CreditTerms(held.account.credit_class, limit, is_own=False, reason=reason.strip()[:200])
    return _write(held, terms, now=now, actor=actor, on_behalf_of=on_behalf_of)


@transaction.atomic
def choose_credit_limit(
    *, account_id: int, limit: Decimal, now: datetime, actor: str, on_behalf_of: str = ""
) -> Account:
    """
    Set the limit the subscriber chose, within what the credit class allows.

    Not below what is used of it, nor more of it while it is overdrawn: nothing is posted while that
    is looked at. Raises UnableToSetLimit with everything that is in the way.
    """
    limit = round_money(limit)
    if limit < 0:
        raise UnableToSetLimit(_("A credit limit is not negative."))
    held = _hold(account_id)
    refusals = judge_choice(limit, standing=held.standing)
    if refusals:
        told = (explain_refusal(each, standing=held.standing) for each in refusals)
        raise UnableToSetLimit(" ".join(told))
    terms = CreditTerms(held.account.credit_class, limit, is_own=True, reason="")
    return _write(held, terms, now=now, actor=actor, on_behalf_of=on_behalf_of)


@transaction.atomic
def change_credit_class(
    *, account_id: int, credit_class: str, reason: str, now: datetime, actor: str
) -> Account:
    """
    Move the account to another credit class; a limit of its own choice is no larger than it allows.

    What the operator granted stays. Raises UnableToChangeCredit.
    """
    if not reason.strip():
        raise UnableToChangeCredit(_("A change of class has a reason."), field="reason")
    held = _hold(account_id)
    if credit_class == held.account.credit_class:
        raise UnableToChangeCredit(_("The account is of this class."), field="credit_class")
    limit = held.limit
    if held.is_own:
        limit = limit_after_move(limit, is_own=True, largest=_largest_of(credit_class))
    terms = CreditTerms(credit_class, limit, is_own=held.is_own, reason=reason.strip()[:200])
    return _write(held, terms, now=now, actor=actor)


def _hold(account_id: int) -> Credit:
    """Lock the account, then its balance: whoever decides about it, and whoever posts, waits."""
    queries.lock_accounts([account_id])
    return get_credit(account_id, balance=credit.lock_balance(account_id))


def _largest_of(code: str) -> Decimal:
    # An unknown class is refused where it is written.
    known = {each.code: each.largest_own_limit for each in list_classes()}
    return known.get(code, Decimal(0))


def _write(
    held: Credit, terms: CreditTerms, *, now: datetime, actor: str, on_behalf_of: str = ""
) -> Account:
    account_id = held.account.pk
    written = credit.write_credit(
        account_id=account_id, terms=terms, now=now, actor=actor, on_behalf_of=on_behalf_of
    )
    if written is not None:
        set_floors([account_id])
        decide_accounts(account_ids=[account_id], now=now, actor=actor)
    return Account.objects.get(pk=account_id)
