"""
Who somebody is: customers behind an account number or a phone, and what a customer owns.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from accounts.domain.households import Right
from accounts.models import Account, Customer, IdentifierUse, User
from accounts.queries.relations import list_seen_accounts
from portal.domain.subjects import Subject, read_subject
from portal.models import OneTimeCode, SignInAttempt

#: A family may share a contact phone; more than this share it by mistake.
SHARED_PHONE_LIMIT = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A customer who may sign in. `is_sure`: nobody else answers to what was typed."""

    customer_id: int
    email: str
    language: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """One personal account of the customer, for the switcher."""

    id: int
    number: str
    kind: str
    currency: str
    credit_limit: Decimal
    is_closed: bool
    right: Right = Right.MANAGE
    #: Whose account it is, if it is not the visitor's own.
    holder: str = ""


def list_people(subject: Subject, *, now: datetime) -> list[Person]:
    """Return who answers to the subject, the holder of a number in use first."""
    if subject.kind == "account":
        found = _customers(Q(accounts__number=subject.number))
    elif subject.kind == "phone":
        found = _customers(Q(pk__in=_holders(subject.number, now=now)))
        found = found or _customers(Q(phone=subject.number))
    else:
        found = []
    return [Person(*row, is_sure=len(found) == 1) for row in found]


def _holders(number: str, *, now: datetime) -> list[int]:
    uses = _current_uses(number, now=now)
    return list(uses.values_list("account__customer_id", flat=True))


def _current_uses(number: str, *, now: datetime) -> "QuerySet[IdentifierUse]":
    rows = IdentifierUse.objects.filter(value=number, active_from__lte=now).exclude(kind="login")
    return rows.filter(Q(active_to__isnull=True) | Q(active_to__gt=now))


def _customers(condition: Q) -> list[tuple[int, str, str]]:
    rows = Customer.objects.filter(condition).order_by("pk").distinct()
    return list(rows.values_list("id", "email", "language")[:SHARED_PHONE_LIMIT])


def list_users(customer_ids: list[int]) -> list[User]:
    """Return the active log-ins of customers."""
    return list(
        User.objects.filter(
            customer_id__in=customer_ids, kind=User.Kind.SUBSCRIBER, is_active=True
        ).order_by("pk")
    )


def find_open_code(customer_id: int, *, now: datetime) -> OneTimeCode | None:
    """Return the last code sent, if it can still be used; older ones are void."""
    last = OneTimeCode.objects.filter(customer_id=customer_id).order_by("-pk").first()
    if last is None or last.used_at is not None or last.expires_at <= now:
        return None
    return last


def count_tries(
    *, doors: tuple[str, ...], subject: str, address: str, since: datetime
) -> tuple[int, int]:
    """Return how many unsuccessful tries there were by the subject, and from the address."""
    recent = SignInAttempt.objects.filter(door__in=doors, succeeded=False, tried_at__gt=since)
    by_address = recent.filter(address=address).count() if address else 0
    return recent.filter(subject=subject).count(), by_address


def find_account_meant(text: str, *, customer_id: int, now: datetime) -> int | None:
    """Return which of the customer's accounts was meant by an account number or a number in use."""
    subject = read_subject(text)
    if subject.kind == "account":
        found = Account.objects.filter(number=subject.number, customer_id=customer_id)
        return found.values_list("pk", flat=True).first()
    uses = _current_uses(subject.number, now=now).filter(account__customer_id=customer_id)
    return uses.values_list("account_id", flat=True).first()


def list_accounts(customer_id: int) -> list[AccountChoice]:
    """
    Return the accounts a customer may look at: own ones first, the open before the closed.

    Those of a company's units, and of the household as far as the customer's role reaches.
    """
    return [
        AccountChoice(
            id=seen.id,
            number=seen.number,
            kind=seen.kind,
            currency=seen.currency,
            credit_limit=seen.credit_limit,
            is_closed=seen.is_closed,
            right=seen.right,
            holder="" if seen.customer_id == customer_id else seen.holder,
        )
        for seen in list_seen_accounts(customer_id)
    ]
