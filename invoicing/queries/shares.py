"""
Payments for consolidated bills: what of the paper is open, which payments wait to be split or taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection

from accounts import queries as accounts_queries
from accounts.domain.payers import plain, read_purpose
from accounts.models import Account
from billing_project.kernel.money import ZERO
from invoicing.models import ConsolidatedBill, ConsolidatedPart, ConsolidatedPayment

# Chosen for by the payer at the desk or in the portal.
CHOSEN: Final = """
    SELECT p.id, c.consolidated_id
      FROM invoicing_paymentchoice c
      LEFT JOIN accounts_cardpayment k ON k.id = c.card_payment_id
      LEFT JOIN accounts_paymentnotice n ON n.id = k.notice_id
      JOIN accounts_payment p ON p.id = coalesce(c.payment_id, n.payment_id)
       AND p.account_id = c.account_id AND p.state = 'posted'
     WHERE c.consolidated_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM invoicing_consolidatedpayment s
                        WHERE s.account_id = p.account_id AND s.payment_id = p.id)
     ORDER BY p.id
"""
# Named in the purpose of a bank's line; the purpose is read by the rules of statements.
NAMED: Final = """
    SELECT p.id, p.comment, a.customer_id
      FROM accounts_paymentnotice n
      JOIN accounts_payment p ON p.id = n.payment_id AND p.state = 'posted'
      JOIN accounts_account a ON a.id = p.account_id
     WHERE n.business_date > %s AND n.gateway = 'bank'
       AND n.comment ~* '[сc][вb]\\s?[-–—/]?\\s?20[0-9][0-9]'
       AND NOT EXISTS (SELECT FROM invoicing_consolidatedpayment s
                        WHERE s.account_id = p.account_id AND s.payment_id = p.id)
     ORDER BY p.id
"""
# Taken back, given back or lost since: the shares follow.
GONE: Final = """
    SELECT s.id FROM invoicing_consolidatedpayment s
      JOIN accounts_payment p ON p.id = s.payment_id
     WHERE s.state = 'split' AND (p.state = 'reversed' OR accounts_returned(p.id) >= p.amount)
     ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class OpenShare:
    """What an account still has to pay of its bill on the paper."""

    account_id: int
    open: Decimal


def open_shares(paper: ConsolidatedBill, *, but: Decimal = ZERO, at: int = 0) -> list[OpenShare]:
    """
    Return what is open of the paper by account, in the order of account numbers.

    `but` of the money of account `at` is left out: a payment that is there and not split yet.
    """
    rows = ConsolidatedPart.objects.filter(consolidated=paper).select_related("bill__account")
    parts = sorted(rows, key=lambda part: (part.bill.account.number, part.account_id))
    balances = accounts_queries.get_balances(account_ids=[part.account_id for part in parts])
    found = []
    for part in parts:
        money = balances[part.account_id].money - (but if part.account_id == at else ZERO)
        found.append(OpenShare(part.account_id, max(min(part.bill.closing, -money), ZERO)))
    return found


def open_of_paper(paper: ConsolidatedBill) -> Decimal:
    """Return what is still to be paid for the paper."""
    return sum((share.open for share in open_shares(paper)), ZERO)


def payer_account(paper: ConsolidatedBill) -> Account | None:
    """
    Return the account that payments for the paper come to: the payer's own, else the first of its parts.
    """
    live = Account.objects.filter(
        currency=paper.currency,
        contract__legal_entity_id=paper.legal_entity_id,
        closed_on__isnull=True,
    )
    own = live.filter(customer_id=paper.customer_id).order_by("pk").first()
    if own is not None:
        return own
    parts = ConsolidatedPart.objects.filter(consolidated=paper).values("account_id")
    return live.filter(pk__in=parts).order_by("number").first()


def list_chosen() -> list[tuple[int, int]]:
    """Return (payment, consolidated bill) of payments that wait to be split."""
    with connection.cursor() as cursor:
        cursor.execute(CHOSEN)
        return list(cursor.fetchall())


def list_named(*, since: date) -> list[tuple[int, int]]:
    """
    Return (payment, consolidated bill) of the bank's payments whose purpose names one of the payer's.

    One that names several papers, or somebody else's, is left to a person.
    """
    with connection.cursor() as cursor:
        cursor.execute(NAMED, [since])
        rows = cursor.fetchall()
    names = {pk: set(read_purpose(comment).bills) for pk, comment, _customer in rows}
    papers = find_papers({name for each in names.values() for name in each})
    found = []
    for payment_id, _comment, customer_id in rows:
        of_payer = {
            paper.pk
            for name in names[payment_id]
            for paper in papers.get(name, ())
            if _is_payers(paper, customer_id)
        }
        if len(of_payer) == 1:
            found.append((payment_id, of_payer.pop()))
    return found


def _is_payers(paper: ConsolidatedBill, customer_id: int) -> bool:
    account = payer_account(paper)
    return account is not None and account.customer_id == customer_id


def get_paper(consolidated_id: int) -> ConsolidatedBill:
    """Return a consolidated bill; else ConsolidatedBill.DoesNotExist."""
    return ConsolidatedBill.objects.get(pk=consolidated_id)


def find_papers(names: Iterable[str]) -> dict[str, list[ConsolidatedBill]]:
    """Return consolidated bills by their numbers as `accounts.domain.payers.plain` writes them."""
    wanted = set(names)
    tails = {int(name.rsplit("-", 1)[-1]) for name in wanted if name.rsplit("-", 1)[-1].isdigit()}
    found: dict[str, list[ConsolidatedBill]] = {}
    for paper in ConsolidatedBill.objects.filter(number__in=tails):
        name = plain(paper.number_text)
        if name in wanted:
            found.setdefault(name, []).append(paper)
    return found


def list_gone() -> list[int]:
    """Return the split payments that are no longer there."""
    with connection.cursor() as cursor:
        cursor.execute(GONE)
        return [pk for (pk,) in cursor.fetchall()]


def find_split(payment_id: int) -> ConsolidatedPayment | None:
    """Return how a payment is split, with the paper; or None."""
    rows = ConsolidatedPayment.objects.select_related("consolidated")
    return rows.filter(payment_id=payment_id).first()


def list_of_account(account_id: int, *, limit: int = 20) -> list[ConsolidatedPayment]:
    """Return the split payments of a payer's account, newest first."""
    rows = ConsolidatedPayment.objects.filter(account_id=account_id)
    return list(rows.select_related("payment", "consolidated").order_by("-pk")[:limit])
