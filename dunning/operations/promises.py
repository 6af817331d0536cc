"""
Promised payments: given by the first rule that gives them, closed as kept or broken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import change_state, record_event, record_events
from dunning import queries
from dunning.domain import promises as domain
from dunning.models import PromisedPayment
from dunning.operations.deciding import decide_accounts
from dunning.operations.floors import set_floors
from dunning.queries.promise_words import explain
from dunning.queries.promises import DuePromise

PORTION: Final = 500
LANGUAGES: Final = ("ru", "en")

EVENTS: Final = """
    SELECT pp.account_id, a.customer_id, NULL::bigint, %s::timestamptz,
           jsonb_build_object('promise_id', pp.id, 'amount', pp.amount::text, 'paid', pp.paid::text,
                              'due_at', pp.due_at)
      FROM dunning_promisedpayment pp JOIN accounts_account a ON a.id = pp.account_id
     WHERE pp.id = ANY(%s) ORDER BY pp.id
"""
CLOSE: Final = """
    UPDATE dunning_promisedpayment p SET closed_at = %s, paid = c.paid
      FROM unnest(%s::bigint[], %s::numeric[]) AS c (id, paid) WHERE p.id = c.id
"""


class UnableToPromise(Exception):
    """The rules refuse; the message says why and what would help, all of it."""


@dataclass(frozen=True, slots=True)
class ClosedPromises:
    """How many promises were kept and broken."""

    kept: int = 0
    broken: int = 0


@transaction.atomic
def give(
    *,
    account_id: int,
    amount: Decimal,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> PromisedPayment:
    """
    Give a promised payment: the floor goes down by it, its price is charged, access is decided.

    Raises UnableToPromise, and nothing happens, when the rules refuse or the amount is wrong.
    """
    # Before anything is posted: whoever decides locks the account first, then its balance.
    queries.lock_accounts([account_id])
    verdict = _check(account_id, amount=round_money(amount), now=now)
    promise = PromisedPayment.objects.create(
        account_id=account_id,
        amount=round_money(amount),
        price=verdict.price,
        rule_id=verdict.rule_id,
        given_at=now,
        due_at=verdict.due_at,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    set_floors([account_id])
    _charge_price(promise, now=now)
    _record_given(promise)
    decide_accounts(account_ids=[account_id], now=now, actor=actor)
    return promise


def close_due(*, now: datetime, actor: str = "system:promises") -> ClosedPromises:
    """
    Close promises that are paid (kept) or whose time is over (broken), in portions.

    The floor goes back up with either; after a broken one access is restricted as the rules say.
    """
    kept = broken = after = 0
    while due := queries.list_due(now=now, limit=PORTION, after=after):
        after = due[-1].id
        closed = _close(due, now=now, actor=actor)
        kept, broken = kept + closed.kept, broken + closed.broken
    return ClosedPromises(kept, broken)


def _check(account_id: int, *, amount: Decimal, now: datetime) -> domain.Verdict:
    answer = queries.can_promise(account_id, now)
    if not answer.is_allowed:
        raise UnableToPromise(" ".join(answer.reasons))
    wrong = domain.check_amount(amount, verdict=answer.verdict)
    if wrong is not None:
        raise UnableToPromise(explain(wrong, verdict=answer.verdict))
    return answer.verdict


def _charge_price(promise: PromisedPayment, *, now: datetime) -> None:
    if promise.price == 0:
        return
    posting = Posting(
        account_id=promise.account_id,
        kind=Kind.PROMISE_PRICE,
        ref=promise.pk,
        amount=-promise.price,
        business_date=timezone.localtime(now).date(),
        explanation={"promise_id": promise.pk, "amount": str(promise.amount), **_texts()},
    )
    accounts_operations.post(
        postings=[posting], now=now, actor=promise.actor, on_behalf_of=promise.on_behalf_of
    )


def _texts() -> dict[str, str]:
    """Why it was charged, in both languages, for whoever reads the entry."""
    texts = {}
    for language in LANGUAGES:
        with override(language):
            texts[f"text_{language}"] = _("For a promised payment")
    return texts


def _record_given(promise: PromisedPayment) -> None:
    record_event(
        kind="promise.given",
        account_id=promise.account_id,
        customer_id=Account.objects.values_list("customer_id", flat=True).get(
            pk=promise.account_id
        ),
        happened_at=promise.given_at,
        actor=promise.actor,
        on_behalf_of=promise.on_behalf_of,
        data={
            "promise_id": promise.pk,
            "amount": str(promise.amount),
            "price": str(promise.price),
            "due_at": promise.due_at.isoformat(),
            "rule_id": promise.rule_id,
        },
    )


@transaction.atomic
def _close(due: Sequence[DuePromise], *, now: datetime, actor: str) -> ClosedPromises:
    account_ids = queries.lock_accounts([promise.account_id for promise in due])
    outcomes = {
        promise.id: domain.find_outcome(
            amount=promise.amount, paid=promise.paid, due_at=promise.due_at, now=now
        )
        for promise in due
    }
    moved: dict[str, list[int]] = {}
    for state in (domain.KEPT, domain.BROKEN):
        ids = [promise_id for promise_id, outcome in outcomes.items() if outcome == state]
        # Only those still open move: another run may have been first.
        moved[state] = change_state(model=PromisedPayment, ids=ids, to=state, at=now, actor=actor)
    _note_closed(due, ids={*moved[domain.KEPT], *moved[domain.BROKEN]}, now=now)
    for state, ids in moved.items():
        record_events(kind=f"promise.{state}", source_sql=EVENTS, params=[now, ids], actor=actor)
    set_floors(account_ids)
    decide_accounts(account_ids=account_ids, now=now, actor=actor)
    return ClosedPromises(len(moved[domain.KEPT]), len(moved[domain.BROKEN]))


def _note_closed(due: Sequence[DuePromise], *, ids: set[int], now: datetime) -> None:
    closed = [promise for promise in due if promise.id in ids]
    with connection.cursor() as cursor:
        ids_closed = [promise.id for promise in closed]
        cursor.execute(CLOSE, [now, ids_closed, [promise.paid for promise in closed]])
