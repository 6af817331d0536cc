"""
Sending: claim receipts, tell the register outside any transaction, note what it answered.

A worker may be killed anywhere. A receipt is `unknown` from its claim until its answer is noted, so
whoever finds it later asks the register before sending it again.
"""

import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.fiscal import LEASE, Answer, Document, Outcome, Receipt, pause_after
from accounts.gateways.fiscal import Register, open_register
from accounts.models import FiscalGateway

#: Small enough to be through before its lease ends, however slow the register.
BATCH: Final = 40
THREADS: Final = 4
#: A register that can't be reached, or doesn't answer, so many times in one batch is left alone until the next call.
GIVE_UP_AFTER: Final = 4

# What is given back is told after what was sold. `claim` is the token of a claim.
CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT r.id, r.state FROM accounts_fiscalreceipt r
         WHERE r.state IN ('waiting', 'unknown', 'sent') AND r.next_try_at <= %(due)s
           AND r.gateway_id <> ALL(%(resting)s)
           AND (r.kind <> 'sell_refund' OR EXISTS (
                SELECT 1 FROM accounts_fiscalreceipt s
                 WHERE s.payment_id = r.payment_id AND s.kind <> 'sell_refund'
                   AND s.state = 'done'))
         ORDER BY r.next_try_at, r.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE accounts_fiscalreceipt r
       SET state = CASE r.state WHEN 'waiting' THEN 'unknown' ELSE r.state END,
           attempts = r.attempts + 1, claim = r.claim + 1, next_try_at = %(until)s
      FROM due JOIN accounts_fiscalreceipt b ON b.id = due.id
      JOIN accounts_payment p ON p.id = b.payment_id
     WHERE r.id = due.id
    RETURNING r.id, r.claim, due.state, r.gateway_id, r.attempts, r.round, r.kind, r.amount, r.vat_code,
              r.is_cash, r.email, r.phone, r.written_at, r.uuid, r.reason, p.business_date
"""
NOTE: Final = """
    WITH answer AS (
        SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::int[], %s::timestamptz[],
                             %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                             %s::text[], %s::text[])
            AS a (id, token, state, attempts, next_try_at, error, uuid, fn_number, number, sign,
                  shift_number, receipt_number, registered_at)
    )
    UPDATE accounts_fiscalreceipt r
       SET state = a.state, attempts = a.attempts, next_try_at = a.next_try_at, error = a.error,
           uuid = CASE WHEN a.uuid = '' THEN r.uuid ELSE a.uuid END, fn_number = a.fn_number,
           document_number = a.number, document_sign = a.sign, shift_number = a.shift_number,
           receipt_number = a.receipt_number, registered_at = a.registered_at,
           done_at = CASE WHEN a.state = 'done' THEN %s::timestamptz END
      FROM answer a
     WHERE r.id = a.id AND r.claim = a.token AND r.state IN ('unknown', 'sent')
    RETURNING r.state
"""


@dataclass(frozen=True, slots=True)
class SentReceipts:
    """How many were registered, put off for another look, refused."""

    done: int = 0
    later: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Receipts handled."""
        return self.done + self.later + self.failed

    def __add__(self, other: "SentReceipts") -> "SentReceipts":
        return SentReceipts(
            self.done + other.done, self.later + other.later, self.failed + other.failed
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """A receipt claimed for its `attempts`-th try; `was` is the state it was found in."""

    id: int
    token: int
    was: str
    gateway_id: int
    attempts: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Note:
    """What to write down about a claim."""

    claim: Claim
    state: str
    attempts: int
    next_try_at: datetime | None
    answer: Answer


def send_receipts(*, now: datetime, limit: int = 400) -> SentReceipts:
    """
    Send what waits and ask about what was sent, up to about `limit`; many workers at once may.

    Must not be called inside a transaction: a register may take its time. When `total` reaches
    `limit`, call again with a fresh `now`.
    """
    resting: set[int] = set()
    sum_of = SentReceipts()
    moment, began = now, time.monotonic()
    with _open_registers() as (registers, terms):
        while sum_of.total < limit:
            claims = _claim(moment, due=now, resting=resting, terms=terms, limit=limit)
            if not claims:
                break
            notes = _carry(claims, registers=registers, now=moment, resting=resting)
            sum_of += _note(notes, now=moment)
            # A batch may take long: the lease of the next begins when it is claimed.
            moment = now + timedelta(seconds=time.monotonic() - began)
    return sum_of


def _claim(
    moment: datetime,
    *,
    due: datetime,
    resting: set[int],
    terms: dict[int, dict[str, str]],
    limit: int,
) -> list[Claim]:
    values: dict[str, Any] = {
        "due": due,
        "until": moment + LEASE,
        "resting": list(resting),
        "limit": min(BATCH, limit),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        return [_to_claim(row, terms) for row in cursor.fetchall() if row[3] in terms]


def _to_claim(row: Sequence[Any], terms: dict[int, dict[str, str]]) -> Claim:
    receipt_id, token, was, gateway_id, attempts, sent_round, kind, amount, *rest = row
    vat_code, is_cash, email, phone, written_at, uuid, reason, base_date = rest
    receipt = Receipt(
        external_id=f"retel-{receipt_id}-{sent_round}",
        kind=kind,
        amount=amount,
        vat_code=vat_code,
        is_cash=is_cash,
        email=email,
        phone=phone,
        at=_local(written_at),
        terms=terms[gateway_id],
        uuid=uuid,
        reason=reason,
        base_date=base_date if isinstance(base_date, date) else None,
    )
    return Claim(receipt_id, token, was, gateway_id, attempts, receipt)


def _local(moment: datetime) -> datetime:
    """The operator's wall clock: what is printed on the receipt."""
    return timezone.localtime(moment)


def _carry(
    claims: list[Claim], *, registers: dict[int, Register], now: datetime, resting: set[int]
) -> list[Note]:
    """Carry the claims in threads; those of a register that proves unreachable go back untried."""
    misses: dict[int, int] = {}

    def try_one(claim: Claim) -> Answer | None:
        register = registers[claim.gateway_id]
        if misses.get(claim.gateway_id, 0) >= GIVE_UP_AFTER:
            return None
        answer = carry_one(register, claim)
        if answer.outcome in (Outcome.UNREACHABLE, Outcome.UNKNOWN):
            misses[claim.gateway_id] = misses.get(claim.gateway_id, 0) + 1
        return answer

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers = list(pool.map(try_one, claims))
    resting.update(gateway for gateway, count in misses.items() if count >= GIVE_UP_AFTER)
    pairs = zip(claims, answers, strict=True)
    return [decide_note(claim, answer, now=now) for claim, answer in pairs]


def carry_one(register: Register, claim: Claim) -> Answer:
    """Send, or first ask where the outcome of an earlier try isn't known."""
    if claim.was == "waiting":
        return register.send(claim.receipt)
    answer = register.ask(claim.receipt)
    if answer.outcome is not Outcome.ABSENT or claim.was == "sent":
        return answer
    # Nothing is known of it: it is sent under the same id, so that a late arrival is found too.
    return register.send(claim.receipt)


def decide_note(claim: Claim, answer: Answer | None, *, now: datetime) -> Note:
    """Return what to write down; no answer = it was not tried, so the try does not count."""
    jitter = random.randrange(1000)  # noqa: S311 - spreads load, guards nothing
    if answer is None:
        untried = Answer(Outcome.UNREACHABLE, error="the register can't be reached")
        later = now + pause_after(claim.attempts, jitter=jitter)
        return Note(claim, claim.was, max(claim.attempts - 1, 0), later, untried)
    if answer.outcome is Outcome.DONE:
        return Note(claim, "done", claim.attempts, None, answer)
    if answer.outcome is Outcome.REFUSED:
        return Note(claim, "failed", claim.attempts, None, answer)
    state, attempts = claim.was, claim.attempts
    if answer.outcome is Outcome.ACCEPTED:
        # From here on it is asked about: the pauses begin anew.
        state, attempts = "sent", claim.attempts if claim.was == "sent" else 1
    elif answer.outcome is Outcome.UNKNOWN:
        state = "sent" if claim.was == "sent" else "unknown"
    return Note(claim, state, attempts, now + pause_after(attempts, jitter=jitter), answer)


def _note(notes: list[Note], *, now: datetime) -> SentReceipts:
    columns: list[Any] = [
        [note.claim.id for note in notes],
        [note.claim.token for note in notes],
        [note.state for note in notes],
        [note.attempts for note in notes],
        [note.next_try_at for note in notes],
        [note.answer.error[:250] for note in notes],
        [note.answer.uuid[:64] for note in notes],
        *_documents([note.answer.document for note in notes]),
    ]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [*columns, now])
        states = [state for (state,) in cursor.fetchall()]
    done, failed = states.count("done"), states.count("failed")
    # Those that another worker took over count too, or the caller would not end.
    return SentReceipts(done=done, failed=failed, later=len(notes) - done - failed)


def _documents(documents: list[Document]) -> list[list[str]]:
    return [
        [one.fn_number for one in documents],
        [one.number for one in documents],
        [one.sign for one in documents],
        [one.shift_number for one in documents],
        [one.receipt_number for one in documents],
        [one.registered_at for one in documents],
    ]


@contextmanager
def _open_registers() -> Iterator[tuple[dict[int, Register], dict[int, dict[str, str]]]]:
    """Open a register per gateway; a receipt keeps its gateway even when that is out of use."""
    gateways = list(FiscalGateway.objects.select_related("legal_entity").order_by("pk"))
    registers = {gateway.pk: _register(gateway) for gateway in gateways}
    try:
        yield registers, {gateway.pk: _terms(gateway) for gateway in gateways}
    finally:
        for register in registers.values():
            register.close()


def _register(gateway: FiscalGateway) -> Register:
    return open_register(
        gateway.kind,
        url=gateway.url,
        login=gateway.login,
        password=os.environ.get(gateway.secret_variable, ""),
        group_code=gateway.group_code,
    )


def _terms(gateway: FiscalGateway) -> dict[str, str]:
    return {
        "inn": gateway.legal_entity.inn,
        "email": gateway.email,
        "tax_system": gateway.tax_system,
        "place": gateway.place,
        "method": gateway.method,
        "item_name": gateway.item_name,
    }
