"""
Opening balances: what accounts bring from another system, one by one or many at once.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import LARGEST, OWN_REFS, Posting
from accounts.models import OpeningBalance
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import post, post_many
from accounts.operations.second_person import (
    UnableToCorrect,
    approved,
    ask,
    check_reason,
    find_asked,
    tell,
)
from accounts.queries.entries import has_entries
from billing_project.kernel.models import Approval
from billing_project.kernel.money import round_money
from billing_project.kernel.sql import Params, bind

#: `Approval.kind` of an opening balance that waits.
APPROVAL_KIND: Final = "opening_balance"

LOCK: Final = """
    SELECT account_id FROM accounts_accountbalance
     WHERE account_id IN (SELECT account_id FROM ({source}) AS s (account_id, amount, reference))
     ORDER BY account_id FOR NO KEY UPDATE
"""
# Accounts with entries that this load did not make: they have begun already.
BEGUN: Final = """
    SELECT count(DISTINCT s.account_id)
      FROM ({source}) AS s (account_id, amount, reference)
     WHERE EXISTS (
        SELECT 1 FROM accounts_ledgerentry e WHERE e.account_id = s.account_id
           AND NOT (e.kind = {kind} AND EXISTS (
                SELECT 1 FROM accounts_openingbalance o
                 WHERE o.account_id = s.account_id AND o.reference = s.reference
                   AND e.ref = o.id + {refs})))
"""
WRITE: Final = """
    INSERT INTO accounts_openingbalance
        (account_id, amount, reference, reason, business_date, opened_at, actor)
    SELECT s.account_id, s.amount, s.reference, '', %(on)s, %(now)s, %(actor)s
      FROM ({source}) AS s (account_id, amount, reference)
     WHERE s.amount <> 0
     ORDER BY s.account_id
    ON CONFLICT (account_id, reference) DO NOTHING
"""
DIFFERING: Final = """
    SELECT count(*) FROM ({source}) AS s (account_id, amount, reference)
      JOIN accounts_openingbalance o
        ON o.account_id = s.account_id AND o.reference = s.reference AND o.amount <> s.amount
"""
POST: Final = """
    SELECT o.account_id, o.id + {refs}, o.amount, o.business_date, NULL::bigint,
           jsonb_build_object('reference', o.reference)
      FROM accounts_openingbalance o
      JOIN ({source}) AS s (account_id, amount, reference)
        ON o.account_id = s.account_id AND o.reference = s.reference
"""


def open_balance(
    *,
    account_id: int,
    amount: Decimal,
    reference: str,
    reason: str,
    business_date: date,
    now: datetime,
    actor: str,
) -> OpeningBalance | Approval:
    """
    Give an account what it comes with (negative: a debt); once per `reference`.

    An account that has other entries needs a second person: then an Approval is answered.
    """
    check_reason(reason)
    if amount == 0 or abs(amount) > LARGEST or amount != round_money(amount):
        message = _("The amount must not be zero, in whole minor units.")
        raise UnableToCorrect(message, field="amount")
    with transaction.atomic():
        AccountBalance.objects.select_for_update(no_key=True).filter(pk=account_id).first()
        earlier = _find_earlier(account_id, reference)
        if earlier is not None:
            return _same(earlier, amount)
        if has_entries(account_id):
            return ask(
                kind=APPROVAL_KIND,
                account_id=account_id,
                amount=amount,
                reason=reason,
                data={"request_id": reference, "on": business_date.isoformat()},
                actor=actor,
                now=now,
            )
        draft = OpeningBalance(
            account_id=account_id,
            amount=amount,
            reference=reference,
            reason=reason,
            business_date=business_date,
            opened_at=now,
            actor=actor,
        )
        return _write(draft)


@transaction.atomic
def approve_opening(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> OpeningBalance:
    """Approve an opening balance that waits and post it on the day that was asked for."""
    approval = approved(approval_id=approval_id, kind=APPROVAL_KIND, actor=actor, now=now)
    draft = OpeningBalance(
        account_id=approval.account_id,
        amount=approval.amount or Decimal(0),
        reference=approval.data["request_id"],
        reason=approval.comment,
        approval=approval,
        business_date=date.fromisoformat(approval.data.get("on", business_date.isoformat())),
        opened_at=now,
        actor=approval.requested_by,
    )
    return _write(draft)


def open_many_balances(
    *,
    source_sql: str,
    business_date: date,
    now: datetime,
    actor: str,
    params: Params = None,
) -> int:
    """
    Give many accounts what they come with, all or none; return how many were new.

    The select gives (account_id, amount, reference); at most 50,000 accounts a call. Run again it
    changes nothing. Raises UnableToCorrect if an account has other entries, or came with another
    amount under that reference.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        source = bind(cursor, source_sql, params)
        cursor.execute(LOCK.format(source=source), [])
        values = {"source": source, "kind": int(Kind.OPENING), "refs": OWN_REFS}
        _refuse_any(cursor, BEGUN.format(**values), _("%(count)s accounts have entries already."))
        _refuse_any(
            cursor,
            DIFFERING.format(source=source),
            _("%(count)s accounts came with another amount before."),
        )
        cursor.execute(
            WRITE.format(source=source), {"on": business_date, "now": now, "actor": actor}
        )
        # The posting binds its source itself: percents of what is bound already go single again.
        posted = POST.format(source=source.replace("%%", "%"), refs=OWN_REFS)
        return post_many(source_sql=posted, kind=Kind.OPENING, now=now, actor=actor)


def _refuse_any(cursor: CursorWrapper, statement: str, message: str) -> None:
    cursor.execute(statement, [])
    count = cursor.fetchone()[0]
    if count:
        raise UnableToCorrect(message % {"count": count})


def _find_earlier(account_id: int, reference: str) -> OpeningBalance | Approval | None:
    rows = OpeningBalance.objects.filter(account_id=account_id, reference=reference)
    asked = find_asked(kind=APPROVAL_KIND, account_id=account_id, request_id=reference)
    return rows.first() or asked


def _same(earlier: OpeningBalance | Approval, amount: Decimal) -> OpeningBalance | Approval:
    if earlier.amount != amount:
        raise UnableToCorrect(_("This reference came with another amount."), field="amount")
    return earlier


def _write(draft: OpeningBalance) -> OpeningBalance:
    draft.save()
    posting = Posting(
        account_id=draft.account_id,
        kind=Kind.OPENING,
        ref=OWN_REFS + draft.pk,
        amount=draft.amount,
        business_date=draft.business_date,
        explanation={"reference": draft.reference, "reason": draft.reason},
    )
    post(postings=[posting], now=draft.opened_at, actor=draft.actor)
    tell(
        "balance.opened",
        account_id=draft.account_id,
        amount=draft.amount,
        reason=draft.reason,
        now=draft.opened_at,
        actor=draft.actor,
    )
    return draft
