"""
Identity documents: added, shown on a stated reason, removed, sealed anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain import identity as domain
from accounts.domain.identity import DocumentKind, Fault, Identity
from accounts.models import Customer, IdentityDocument
from billing_project.kernel.operations import record_event

#: Sealed anew in one transaction.
PORTION: Final = 1_000
WORDS: Final = {
    Fault.NUMBER: (
        "number",
        gettext_lazy("This is not what a number of this document looks like."),
    ),
    Fault.ISSUED_LATER: ("issued_on", gettext_lazy("The day of issue is in the future.")),
    Fault.ISSUED_EARLY: (
        "issued_on",
        gettext_lazy("The document can't have been issued at that age."),
    ),
    Fault.DEPARTMENT: ("department", gettext_lazy("Write the code of the office as 780-001.")),
}


class UnableToKeepDocument(Exception):
    """The document can't be right, is there already, or there is no key: `field` names what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that was added, and the other customers who have the same one."""

    document: IdentityDocument
    same_as: tuple[Customer, ...]


@transaction.atomic
def add_document(
    *,
    customer_id: int,
    kind: str,
    identity: Identity,
    keys: Sequence[str],
    on: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Kept:
    """
    Keep a document sealed; a person's earlier one of the same kind stays until it is removed.

    `keys` are the installation's, the first seals. Raises UnableToKeepDocument.
    """
    if not keys:
        raise UnableToKeepDocument("number", _no_key())
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    identity = replace(identity, number=domain.read_number(identity.number))
    fault = domain.find_fault(DocumentKind(kind), identity, on=on, born_on=customer.birth_date)
    if fault is not None:
        field, words = WORDS[fault]
        raise UnableToKeepDocument(field, str(words))
    prints = _prints(DocumentKind(kind), identity.number, keys)
    same = IdentityDocument.objects.filter(fingerprint__in=prints, removed_at__isnull=True)
    if same.filter(customer_id=customer_id).exists():
        raise UnableToKeepDocument("number", _("The customer has this document already."))
    document = IdentityDocument.objects.create(
        customer=customer,
        kind=kind,
        sealed=domain.seal(identity, keys=keys),
        fingerprint=prints[0],
        tail=identity.tail,
        added_at=now,
        actor=actor,
    )
    _tell("document.added", document, now=now, actor=actor, on_behalf_of=on_behalf_of)
    others = Customer.objects.filter(documents__in=same).exclude(pk=customer_id).distinct()
    return Kept(document, tuple(others.order_by("pk")[:5]))


def show_document(
    *,
    document_id: int,
    customer_id: int,
    reason: str,
    keys: Sequence[str],
    now: datetime,
    actor: str,
) -> Identity:
    """
    Return what stands in a customer's document; who looked, and why, is written down first.

    Raises UnableToKeepDocument without a reason or a key that opens it, and
    `IdentityDocument.DoesNotExist` for another customer's or a removed one.
    """
    if not reason.strip():
        raise UnableToKeepDocument("reason", _("Say why you have to see it."))
    document = IdentityDocument.objects.get(
        pk=document_id, customer_id=customer_id, removed_at__isnull=True
    )
    try:
        identity = domain.unseal(bytes(document.sealed), keys=keys) if keys else None
    except domain.UnableToUnseal:
        identity = None
    if identity is None:
        raise UnableToKeepDocument("reason", _no_key())
    _tell("document.seen", document, now=now, actor=actor, reason=reason.strip()[:200])
    return identity


@transaction.atomic
def remove_document(
    *, document_id: int, customer_id: int, reason: str, now: datetime, actor: str
) -> None:
    """Wipe a document: the row stays, what stood in it doesn't."""
    document = IdentityDocument.objects.select_for_update(no_key=True).get(
        pk=document_id, customer_id=customer_id
    )
    if document.removed_at is not None:
        return
    _tell("document.removed", document, now=now, actor=actor, reason=reason.strip()[:200])
    document.sealed, document.fingerprint, document.tail = b"", "", ""
    document.removed_at = now
    document.save(update_fields=["sealed", "fingerprint", "tail", "removed_at"])


def seal_anew(*, keys: Sequence[str], after: int = 0) -> int | None:
    """
    Seal the next thousand documents after an id with the first key; return the last id, or None
    at the end.

    Run again it does the same. Raises UnableToKeepDocument at one that no key opens.
    """
    with transaction.atomic():
        rows = list(
            IdentityDocument.objects.select_for_update(no_key=True)
            .filter(pk__gt=after, removed_at__isnull=True)
            .order_by("pk")[:PORTION]
        )
        for row in rows:
            try:
                identity = domain.unseal(bytes(row.sealed), keys=keys)
            except domain.UnableToUnseal as error:
                message = _("Document %(number)s is opened by none of the keys.")
                raise UnableToKeepDocument("number", message % {"number": row.pk}) from error
            row.sealed = domain.seal(identity, keys=keys)
            row.fingerprint = _prints(DocumentKind(row.kind), identity.number, keys)[0]
        IdentityDocument.objects.bulk_update(rows, ["sealed", "fingerprint"])
    return rows[-1].pk if rows else None


def _prints(kind: DocumentKind, number: str, keys: Sequence[str]) -> list[str]:
    """Return what the document is found by under each key: some may not be sealed anew yet."""
    return [domain.fingerprint(kind, number, key=key) for key in keys]


def _no_key() -> str:
    return _("Documents can't be opened: this installation has no key for them.")


def _tell(
    kind: str,
    document: IdentityDocument,
    *,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    reason: str = "",
) -> None:
    record_event(
        kind=kind,
        customer_id=document.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={
            "document_id": document.pk,
            "document_kind": document.kind,
            "name": f"…{document.tail}",
            **({"reason": reason} if reason else {}),
        },
    )
