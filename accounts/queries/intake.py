"""
Notices of money from outside: whose they are, what waits for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.domain.notices import AccountBy, Claim, Payer
from accounts.models.contracts import Account
from accounts.models.intake import NoticeConflict, PaymentNotice
from accounts.models.services import IdentifierUse
from billing_project.kernel.invariants import Invariant

#: A notice without its effect for longer than that, though the schedule settles them every minute.
STUCK_AFTER: Final = timedelta(minutes=10)

# By account number, by a telephone number or login in use when the money was paid, by our own id.
# The CASE keeps the cast away from what is no id.
PAYERS: Final = """
    SELECT n.id, a.id, a.closed_on, a.currency
      FROM accounts_paymentnotice n JOIN accounts_account a ON a.number = n.account_key
     WHERE n.id = ANY(%(ids)s) AND n.account_by = 'number'
    UNION ALL
    SELECT n.id, a.id, a.closed_on, a.currency
      FROM accounts_paymentnotice n
      JOIN accounts_identifieruse u ON u.value = n.account_key
       AND tstzrange(u.active_from, u.active_to) @> n.paid_at
      JOIN accounts_account a ON a.id = u.account_id
     WHERE n.id = ANY(%(ids)s) AND n.account_by = 'identifier'
    UNION ALL
    SELECT n.id, a.id, a.closed_on, a.currency
      FROM accounts_paymentnotice n
      JOIN accounts_account a
        ON a.id = CASE WHEN n.account_by = 'given' THEN n.account_key::bigint END
     WHERE n.id = ANY(%(ids)s) AND n.account_by = 'given'
"""
CLAIMS: Final = (
    *("id", "amount", "currency", "account_hint", "business_date"),
    *("keeps_doubtful", "refused_as"),
)


def find_payers(notice_ids: Sequence[int]) -> dict[int, Payer]:
    """Return the accounts that the notices name, by notice; those that name none are left out."""
    with connection.cursor() as cursor:
        cursor.execute(PAYERS, {"ids": list(notice_ids)})
        return {row[0]: Payer(*row[1:]) for row in cursor.fetchall()}


def find_payer(*, by: AccountBy, key: str, at: datetime) -> Payer | None:
    """Find the account that a payer's word means, as `find_payers` would for its notice."""
    rows = Account.objects.all()
    if by == AccountBy.NUMBER:
        rows = rows.filter(number=key)
    elif by == AccountBy.IDENTIFIER:
        open_ended = Q(active_to__isnull=True) | Q(active_to__gt=at)
        uses = IdentifierUse.objects.filter(open_ended, value=key, active_from__lte=at)
        rows = rows.filter(pk__in=uses.values("account_id"))
    else:
        rows = rows.filter(pk=int(key))
    found = rows.values_list("pk", "closed_on", "currency").first()
    return Payer(*found) if found is not None else None


def claims_of(notice_ids: Sequence[int]) -> dict[int, Claim]:
    """Return what decides the outcome of each notice."""
    rows = PaymentNotice.objects.filter(pk__in=notice_ids).values_list(*CLAIMS)
    return {
        pk: Claim(amount, currency, bool(hint), on, keeps, refused)
        for pk, amount, currency, hint, on, keeps, refused in rows
    }


def find_notice(
    *, gateway: str, external_id: str, what: str = PaymentNotice.What.PAYMENT
) -> PaymentNotice | None:
    """Find a notice by its sender's id."""
    rows = PaymentNotice.objects.select_related("payment", "account")
    return rows.filter(gateway=gateway, external_id=external_id, what=what).first()


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices: by way of paying, state, business day, account, or a text in their ids."""

    gateway: str = ""
    state: str = ""
    on: date | None = None
    account_id: int | None = None
    text: str = ""


def list_notices(
    chosen: NoticeFilter, *, before: int | None = None, limit: int = 50
) -> "QuerySet[PaymentNotice]":
    """List notices, newest first, older than the id `before`."""
    rows = PaymentNotice.objects.select_related("account__customer", "payment")
    exact = {
        "gateway": chosen.gateway,
        "state": chosen.state,
        "business_date": chosen.on,
        "account_id": chosen.account_id,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if chosen.text:
        rows = rows.filter(external_id=chosen.text)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk")[:limit]


def list_unassigned(*, after: int = 0, limit: int = 50) -> "QuerySet[PaymentNotice]":
    """List money that nobody's account has, oldest first, beginning after the id `after`."""
    rows = PaymentNotice.objects.select_related("account__customer")
    return rows.filter(state=PaymentNotice.State.UNASSIGNED, pk__gt=after).order_by("pk")[:limit]


def count_unassigned() -> int:
    """Return how much money waits for a person, in notices."""
    return PaymentNotice.objects.filter(state=PaymentNotice.State.UNASSIGNED).count()


def list_conflicts(*, is_unseen: bool = True, limit: int = 50) -> "QuerySet[NoticeConflict]":
    """List ids that came again with another amount or account, newest first."""
    rows = NoticeConflict.objects.select_related("notice__account__customer").order_by("-pk")
    return (rows.filter(seen_at__isnull=True) if is_unseen else rows)[:limit]


def list_gateways() -> list[str]:
    """List the ways of paying that notices came through (a skip scan over their index)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE ways AS (
                (SELECT gateway FROM accounts_paymentnotice ORDER BY gateway LIMIT 1)
                UNION ALL
                SELECT (SELECT n.gateway FROM accounts_paymentnotice n
                         WHERE n.gateway > w.gateway ORDER BY n.gateway LIMIT 1)
                  FROM ways w WHERE w.gateway IS NOT NULL
            ) SELECT gateway FROM ways WHERE gateway IS NOT NULL
            """
        )
        return [row[0] for row in cursor.fetchall()]


NOTICE_IS_CREDITED: Final = Invariant(
    name="a credited notice has its payment, with the same amount, account and id",
    sql="""
        SELECT n.id, n.gateway, n.external_id, n.amount, n.account_id, p.amount, p.account_id
          FROM accounts_paymentnotice n LEFT JOIN accounts_payment p ON p.id = n.payment_id
         WHERE n.what = 'payment' AND n.state = 'credited'
           AND (n.amount, n.account_id, n.gateway, n.external_id)
               IS DISTINCT FROM (p.amount, p.account_id, p.gateway, p.external_id)
    """,
    why="The notice says credited and the books say something else.",
)

UNCREDITED_HAS_NO_PAYMENT: Final = Invariant(
    name="money of a notice that is not credited is on no account",
    sql="""
        SELECT n.id, n.gateway, n.external_id, n.state, r.payment_id
          FROM accounts_paymentnotice n
          JOIN accounts_paymentreference r USING (gateway, external_id)
         WHERE n.what = 'payment' AND n.state IN ('unassigned', 'returned')
        UNION ALL
        SELECT id, gateway, external_id, state, payment_id FROM accounts_paymentnotice
         WHERE what = 'payment' AND state <> 'credited' AND payment_id IS NOT NULL
    """,
    why="Money that waits for a person, or was given back, has been credited as well.",
)


def intake_invariants() -> list[Invariant]:
    """Return the promises of the intake."""
    return [NOTICE_IS_CREDITED, UNCREDITED_HAS_NO_PAYMENT]


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person though no promise is broken."""
    before = (now - STUCK_AFTER).isoformat()
    return [
        Invariant(
            name="money that no account has",
            sql="""
                SELECT id, gateway, external_id, amount, account_hint, reason
                  FROM accounts_paymentnotice WHERE state = 'unassigned'
            """,
            why="A payer waits: assign the money or give it back.",
        ),
        Invariant(
            name="a payment's id came again with another amount or account",
            sql="""
                SELECT c.id, n.gateway, n.external_id, n.amount, c.amount, c.account_hint
                  FROM accounts_noticeconflict c
                  JOIN accounts_paymentnotice n ON n.id = c.notice_id
                 WHERE c.seen_at IS NULL
            """,
            why="Nothing was changed by it; ask the sender which of the two is right.",
        ),
        Invariant(
            name="notices of money without their effect",
            sql=f"""
                SELECT id, gateway, external_id, received_at FROM accounts_paymentnotice
                 WHERE state = 'received' AND received_at < '{before}'
            """,
            why="No worker settles them, or it meets trouble every time.",
        ),
    ]
