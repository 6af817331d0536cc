"""
The page of topping up: who takes cards, how much to suggest, what became of a payment.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts import queries as accounts_queries
from accounts.models import Account, Acquirer, CardPayment, Customer, Subscription
from accounts.queries.acquiring import find_acquirer
from invoicing.queries import forecast_fee
from portal.queries.people import AccountChoice


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An amount that would help: `why` is debt or fee."""

    why: str
    amount: Decimal
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class TopUpPage:
    """`acquirer` None: nobody takes cards here, the page says how else to pay."""

    acquirer: Acquirer | None
    suggestions: tuple[Suggestion, ...]
    email: str

    @property
    def first(self) -> Decimal | None:
        """The amount to begin with."""
        return self.suggestions[0].amount if self.suggestions else None


def get_top_up(account: AccountChoice, *, customer_id: int, on: date) -> TopUpPage:
    """Return what the page of one account shows."""
    row = Account.objects.select_related("contract").get(pk=account.id)
    return TopUpPage(
        acquirer=find_acquirer(row) if row.closed_on is None else None,
        suggestions=_suggestions(row, on=on),
        email=Customer.objects.values_list("email", flat=True).get(pk=customer_id),
    )


def _suggestions(account: Account, *, on: date) -> tuple[Suggestion, ...]:
    money = accounts_queries.get_balance(account.pk).money
    found = [Suggestion("debt", -money)] if money < 0 else []
    services = Subscription.objects.filter(account=account).exclude(
        state=Subscription.State.TERMINATED
    )
    fees = [forecast_fee(subscription_id=pk, on=on) for pk in services.values_list("pk", flat=True)]
    due = [fee for fee in fees if fee is not None and fee.amount > 0]
    if due:
        first = min(fee.due_on for fee in due)
        total = sum((fee.amount for fee in due if fee.due_on == first), Decimal(0))
        missing = total - money
        if missing > 0:
            found.append(Suggestion("fee", missing, first))
    return tuple(found)


def takes_cards(account_id: int) -> bool:
    """Whether an account can be topped up by card."""
    row = Account.objects.select_related("contract").get(pk=account_id)
    return row.closed_on is None and find_acquirer(row) is not None


def masked(number: str) -> str:
    """Return an account's number as strangers may see it."""
    return f"…{number[-4:]}"


def is_open(row: CardPayment) -> bool:
    """Whether the outcome isn't known yet."""
    return row.state in CardPayment.OPEN
