"""
What stands against the closing of a personal account, as far as accounts know.
"""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import (
    Account,
    CardPayment,
    Chargeback,
    Refund,
    Subscription,
)
from accounts.queries.balances import get_balance
from accounts.queries.deposits import sum_deposits
from billing_project.kernel.invariants import Invariant
from billing_project.kernel.models import Approval


def reasons_against_closing(account_id: int) -> list[str]:
    """Return everything that has to be done first, in words; empty: it may be closed."""
    account = Account.objects.get(pk=account_id)
    if account.closed_on is not None:
        return [_("The account is closed already.")]
    live = Subscription.objects.filter(account_id=account_id).exclude(
        state=Subscription.State.TERMINATED
    )
    services = ", ".join(service.get_service_display() for service in live.order_by("pk"))
    reasons = [_("Services go on: %(services)s.") % {"services": services}] if services else []
    reasons += _about_money(account)
    waiting = {
        _("A payment by card is under way."): CardPayment.objects.filter(
            account_id=account_id, state__in=CardPayment.OPEN
        ),
        _("A refund is under way."): Refund.objects.filter(
            account_id=account_id, state__in=Refund.OPEN
        ),
        _("A payment is disputed at the bank."): Chargeback.objects.filter(
            account_id=account_id, state=Chargeback.State.OPEN
        ),
        _("A correction waits for a second person."): Approval.objects.filter(
            account_id=account_id, state=Approval.State.PENDING
        ),
    }
    return reasons + [words for words, rows in waiting.items() if rows.exists()]


def _about_money(account: Account) -> list[str]:
    balance, deposit = get_balance(account.pk), sum_deposits(account.pk)
    said = {
        _("%(amount)s is owed: it has to be paid or written off."): -balance.money,
        _("%(amount)s is left: give it back or move it to another account."): balance.money,
        _("%(amount)s is held: take it or let it go."): balance.held,
        _("A deposit of %(amount)s is kept: return it."): deposit,
    }
    return [
        words % {"amount": number_format(amount, 2)} for words, amount in said.items() if amount > 0
    ]


def closing_invariants() -> list[Invariant]:
    """What stays so once an account is closed."""
    return [
        Invariant(
            name="a closed account has no service that goes on",
            sql="""
                SELECT s.account_id, s.id, s.state FROM accounts_subscription s
                  JOIN accounts_account a ON a.id = s.account_id
                 WHERE a.closed_on IS NOT NULL AND s.state <> 'terminated'
            """,
            why="It would be charged where nobody looks, and payments for it go to a queue.",
        ),
    ]


def closing_alarms() -> list[Invariant]:
    """Money that came to an account after it was closed."""
    return [
        Invariant(
            name="money on closed accounts",
            sql="""
                SELECT a.id AS account_id, b.money FROM accounts_account a
                  JOIN accounts_accountbalance b ON b.account_id = a.id
                 WHERE a.closed_on IS NOT NULL AND b.money > 0
            """,
            why="It came as the account was closed, or was given back to it: give it to its owner.",
        ),
    ]
