"""
Taking in a statement: archived, read, checked against itself, each line matched with a payer.
"""

import csv
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.domain import payers
from accounts.domain.payers import Doubt, Found
from accounts.domain.statements import (
    BankDocument,
    Statement,
    Way,
    WrongTotal,
    identities,
    is_proven,
    way_of,
    wrong_totals,
)
from accounts.formats.client_bank import MOST_FAULTS, Fault, UnreadableStatement, read_statement
from accounts.models import BankStatement, BankStatementLine
from accounts.queries import statements as queries
from accounts.queries.statements import BillLookup, OwnAccount
from billing_project.kernel.operations import change_state

#: First key of the advisory lock of a statement; the second is the beginning of its hash.
STATEMENT_LOCK: Final = 7_306_011
COLUMNS: Final = (
    *("statement_id", "line", "kind", "number", "issued_on", "credited_on", "amount", "currency"),
    *("payer_name", "payer_inn", "payer_account", "bank_account", "purpose", "external_id"),
    *("fate", "rule", "doubt", "account_id", "candidates"),
)
#: Null is an empty field in these columns only; elsewhere it is an empty text.
COPY: Final = (
    f"COPY accounts_bankstatementline ({', '.join(COLUMNS)})"
    " FROM STDIN (FORMAT csv, NULL '', FORCE_NULL (account_id), FORCE_NOT_NULL"
    " (kind, number, payer_name, payer_inn, payer_account, purpose, rule, doubt))"
)


_SortedOut = dict[Way, list[BankDocument]]


class UnableToReceiveStatement(Exception):
    """The file can't be read, contradicts itself, or is not about our accounts; see `faults`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:3]))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class ReceivedStatement:
    """The statement, and whether the file is new: one confirmed before is left as it is."""

    statement: BankStatement
    is_new: bool


def receive_statement(
    *, data: bytes, name: str, bills: BillLookup, business_date: date, now: datetime, actor: str
) -> ReceivedStatement:
    """
    Take in a statement and find the payer of each line; nothing is credited yet.

    `bills` looks bill numbers up: they are the upper floor's. A file that waits for confirmation or
    was set aside is matched anew; one confirmed before is counted as seen, and nothing more.
    Raises UnableToReceiveStatement with every fault found: nothing is taken then.
    """
    digest = hashlib.sha256(data).hexdigest()
    known = _seen(digest)
    if known is not None:
        return ReceivedStatement(known, is_new=False)
    try:
        statement = read_statement(data)
    except UnreadableStatement as error:
        raise UnableToReceiveStatement(error.faults) from error
    ours = queries.own_bank_accounts()
    sorted_out = _sort_out(statement, ours)
    faults = _faults(statement, sorted_out, ours=ours, business_date=business_date)
    if faults:
        raise UnableToReceiveStatement(faults[:MOST_FAULTS])
    incoming = sorted_out[Way.IN]
    matched = _match(incoming, ours=ours, bills=bills)
    file = {
        "name": name[-200:],
        "sha256": digest,
        "size": len(data),
        "archive_path": _archive(data, digest),
    }
    with transaction.atomic():
        row = _write(file | _told(statement, sorted_out), now=now, actor=actor)
        if row.state != BankStatement.State.RECEIVED:  # somebody confirmed it meanwhile
            return ReceivedStatement(row, is_new=False)
        _copy(_lines(incoming, matched, statement_id=row.pk, ours=ours))
    return ReceivedStatement(row, is_new=True)


def _seen(digest: str) -> BankStatement | None:
    """Count a file that was confirmed before; None if it is to be read."""
    states = [BankStatement.State.LOADING, BankStatement.State.LOADED]
    rows = BankStatement.objects.filter(sha256=digest, state__in=states)
    return rows.first() if rows.update(times_seen=F("times_seen") + 1) else None


def _sort_out(statement: Statement, ours: Mapping[str, OwnAccount]) -> _SortedOut:
    """Return the documents by the way they go, each in the order of the file."""
    found: _SortedOut = {way: [] for way in Way}
    told = set(statement.accounts)
    for document in statement.documents:
        found[way_of(document, told=told, ours=ours)].append(document)
    return found


def _faults(
    statement: Statement,
    sorted_out: _SortedOut,
    *,
    ours: Mapping[str, OwnAccount],
    business_date: date,
) -> list[Fault]:
    """Return what forbids to take the statement, though it can be read."""
    found = []
    foreign = [account for account in statement.accounts if account not in ours]
    for account in foreign:
        line = next((each.line for each in statement.sections if each.account == account), 0)
        message = _(
            "%(account)s is no bank account of ours: write it down at the legal entity first."
        )
        found.append(Fault(line, message % {"account": account}))
    alien = _("Neither payer nor payee has an account that the statement is about.")
    found += [Fault(document.line, alien) for document in sorted_out[Way.ALIEN]]
    future = _("The day of the payment is still to come.")
    found += [
        Fault(document.line, future)
        for document in statement.documents
        if document.credited_on > business_date
    ]
    return found + [_fault(wrong) for wrong in wrong_totals(statement)]


def _fault(wrong: WrongTotal) -> Fault:
    messages = {
        "received": _("Account %(account)s: received %(said)s, its documents add up to %(found)s."),
        "paid": _("Account %(account)s: paid %(said)s, its documents add up to %(found)s."),
        "closing": _("Account %(account)s: closing %(said)s, its own figures give %(found)s."),
        "opening": _("Account %(account)s: opens with %(said)s, closed before with %(found)s."),
    }
    values = {"account": wrong.account, "said": wrong.said, "found": wrong.found}
    return Fault(wrong.line, messages[wrong.what] % values)


def _match(
    documents: Sequence[BankDocument], *, ours: Mapping[str, OwnAccount], bills: BillLookup
) -> list[Found]:
    """Return whose each document is, in a handful of queries for all of them."""
    mentions = [payers.read_purpose(document.purpose) for document in documents]
    inns = [_trusted_inn(document) for document in documents]
    book = queries.load_book(mentions, inns=set(inns) - {""}, bills=bills)
    found = []
    for document, named, inn in zip(documents, mentions, inns, strict=True):
        own = ours[document.payee_account]
        payer = payers.find_payer(
            named, inn=inn, book=book, entity_id=own.entity_id, on=document.credited_on
        )
        found.append(payers.doubt_currency(payer, book=book, currency=own.currency))
    return found


def _trusted_inn(document: BankDocument) -> str:
    return "" if payers.is_transit(document.payer_account) else document.payer_inn


def _archive(data: bytes, digest: str) -> str:
    """Keep the bytes under their hash; return their place in the archive."""
    place = Path("statements") / digest[:2] / digest
    target = Path(settings.ARCHIVE_DIR) / place
    if target.exists():
        return str(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name of our own until the bytes are safe: a killed copy is never taken for the file.
    unfinished = target.with_name(f"{digest}.{os.getpid()}.{threading.get_ident()}.part")
    with unfinished.open("wb") as copy:
        copy.write(data)
        copy.flush()
        os.fsync(copy.fileno())
    unfinished.replace(target)
    return str(place)


def _told(statement: Statement, sorted_out: _SortedOut) -> dict[str, Any]:
    """Return the columns of a statement that its text gives."""
    out = [document.amount for document in sorted_out[Way.OUT]]
    own = [document.amount for document in sorted_out[Way.OWN]]
    first = [each.first for each in statement.sections if each.first]
    last = [each.last for each in statement.sections if each.last]
    return {
        "encoding": statement.encoding,
        "sender": statement.sender,
        "first_on": statement.first or min(first, default=None),
        "last_on": statement.last or max(last or first, default=None),
        "totals": [_figures(statement, account) for account in statement.accounts],
        "is_proven": is_proven(statement),
        "documents": len(statement.documents),
        "outgoing": len(out),
        "outgoing_amount": sum(out, Decimal(0)),
        "own": len(own),
        "own_amount": sum(own, Decimal(0)),
    }


def _figures(statement: Statement, account: str) -> dict[str, str | None]:
    """Return what the statement says of an account, over all its days; money as text."""
    days = [each for each in statement.sections if each.account == account]
    days.sort(key=lambda each: (each.first or date.min, each.line))
    received = [each.received for each in days]
    paid = [each.paid for each in days]
    figures = {
        "opening": days[0].opening if days else None,
        "received": _sum(received),
        "paid": _sum(paid),
        "closing": days[-1].closing if days else None,
    }
    told = {key: None if amount is None else str(amount) for key, amount in figures.items()}
    return {"account": account, **told}


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    told = [amount for amount in amounts if amount is not None]
    return sum(told, Decimal(0)) if told and len(told) == len(amounts) else None


def _write(columns: dict[str, Any], *, now: datetime, actor: str) -> BankStatement:
    """Write the statement, or take the one of the same file up again, without its lines."""
    _wait_for_others(columns["sha256"])
    row = BankStatement.objects.filter(sha256=columns["sha256"]).first()
    taken = {"received_at": now, "received_by": actor}
    if row is None:
        return BankStatement.objects.create(**columns, **taken)
    if row.state == BankStatement.State.DISCARDED:
        change_state(
            model=BankStatement, ids=[row.pk], to=BankStatement.State.RECEIVED, at=now, actor=actor
        )
        row.refresh_from_db()
    if row.state == BankStatement.State.RECEIVED:
        BankStatementLine.objects.filter(statement=row).delete()
        seen = {"times_seen": F("times_seen") + 1}
        BankStatement.objects.filter(pk=row.pk).update(**columns, **taken, **seen)
        row.refresh_from_db()
    return row


def _wait_for_others(digest: str) -> None:
    """Let people who bring the same file at once do so one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [STATEMENT_LOCK, int(digest[:7], 16)]
        )


def _lines(
    documents: Sequence[BankDocument],
    matched: Sequence[Found],
    *,
    statement_id: int,
    ours: Mapping[str, OwnAccount],
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the lines, columns as in COLUMNS."""
    known = list(identities(documents))
    before = queries.known_externals([external for external, _place in known], but=statement_id)
    for document, payer, (external, place) in zip(documents, matched, known, strict=True):
        fate, found = _fate(payer, is_known=external in before, place=place)
        yield (
            *(statement_id, document.line, document.kind, document.number),
            *(document.issued_on, document.credited_on, document.amount),
            *(ours[document.payee_account].currency, document.payer_name, document.payer_inn),
            *(document.payer_account, document.payee_account, document.purpose, external),
            *(fate, found.rule.value, found.doubt.value, found.account_id),
            orjson.dumps(list(found.candidates)).decode(),
        )


def _fate(found: Found, *, is_known: bool, place: int) -> tuple[str, Found]:
    fates = BankStatementLine.Fate
    if is_known:
        return fates.DUPLICATE.value, found
    if place > 1:
        # The bank counted it, so it is money; whether it is meant twice a person has to ask.
        maybe = found.candidates or tuple(filter(None, [found.account_id]))
        return fates.UNASSIGNED.value, Found(doubt=Doubt.REPEATED, candidates=maybe)
    return (fates.UNASSIGNED if found.account_id is None else fates.CREDIT).value, found


def _copy(rows: Iterable[tuple[Any, ...]]) -> None:
    buffer = StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(COPY, buffer)
