"""Identity documents: kept sealed, shown on a stated reason, wiped, sealed anew."""

from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.domain.identity import Identity, UnableToUnseal, unseal
from accounts.models import Customer, IdentityDocument
from accounts.operations import documents
from accounts.operations.documents import Kept, UnableToKeepDocument
from billing_project.kernel.models import BusinessEvent
from tests import people

pytestmark = pytest.mark.django_db
OLD, NEW = "o" * 40, "n" * 40
PASSPORT = Identity(number="40 19 123456", issued_on=date(2020, 3, 1), address="Невский, 1")


@pytest.fixture
def alice(db: None) -> Customer:
    return people.person("Смирнова", "Алиса")


def add(
    customer: Customer,
    identity: Identity = PASSPORT,
    *,
    kind: str = "passport",
    keys: object = (OLD,),
) -> Kept:
    return documents.add_document(
        customer_id=customer.pk,
        kind=kind,
        identity=identity,
        keys=list(keys),  # type: ignore[call-overload]
        on=people.TODAY,
        now=people.NOON,
        actor=people.CLERK,
    )


def show(document: IdentityDocument, *, reason: str = "договор", keys: object = (OLD,)) -> Identity:
    return documents.show_document(
        document_id=document.pk,
        customer_id=document.customer_id,
        reason=reason,
        keys=list(keys),  # type: ignore[call-overload]
        now=people.NOON,
        actor="staff:7",
    )


def told(kind: str) -> list[dict[str, object]]:
    return list(BusinessEvent.objects.filter(kind=kind).values("actor", "customer_id", "data"))


def test_it_is_kept_sealed_and_shown_whole(alice: Customer) -> None:
    document = add(alice).document
    assert show(document) == replace(PASSPORT, number="4019123456")
    assert b"4019123456" not in bytes(document.sealed)
    assert document.tail == "456"
    seen = {"document_id": document.pk, "document_kind": "passport", "name": "…456"}
    assert told("document.seen") == [
        {"actor": "staff:7", "customer_id": alice.pk, "data": {**seen, "reason": "договор"}}
    ]
    assert "4019123456" not in str(told("document.added"))


@pytest.mark.parametrize("reason", ["", "   "])
def test_nobody_looks_without_a_reason(alice: Customer, reason: str) -> None:
    document = add(alice).document
    with pytest.raises(UnableToKeepDocument) as refused:
        show(document, reason=reason)
    assert refused.value.field == "reason"
    assert told("document.seen") == []


@pytest.mark.parametrize("keys", [(), (NEW,)])
def test_without_the_key_nothing_is_shown(alice: Customer, keys: tuple[str, ...]) -> None:
    document = add(alice).document
    with pytest.raises(UnableToKeepDocument):
        show(document, keys=keys)
    assert told("document.seen") == []


def test_without_a_key_nothing_is_kept(alice: Customer) -> None:
    with pytest.raises(UnableToKeepDocument):
        add(alice, keys=())
    assert not IdentityDocument.objects.exists()


@pytest.mark.parametrize(
    ("identity", "field"),
    [
        (replace(PASSPORT, number="12"), "number"),
        (replace(PASSPORT, issued_on=date(2030, 1, 1)), "issued_on"),
        (replace(PASSPORT, department="78"), "department"),
    ],
)
def test_what_can_not_be_right_is_refused(alice: Customer, identity: Identity, field: str) -> None:
    with pytest.raises(UnableToKeepDocument) as refused:
        add(alice, identity)
    assert refused.value.field == field
    assert not IdentityDocument.objects.exists()


def test_the_same_document_twice_is_refused(alice: Customer) -> None:
    add(alice)
    with pytest.raises(UnableToKeepDocument):
        add(alice, replace(PASSPORT, number="4019 123456"))
    add(alice, replace(PASSPORT, number="4019123457"))
    assert IdentityDocument.objects.count() == 2


def test_another_customer_with_the_same_document_is_named(alice: Customer) -> None:
    add(alice)
    twin = people.person("Смирнова", "Алиса")
    assert add(twin).same_as == (alice,)
    assert add(people.person("Иванов", "Иван"), kind="other").same_as == ()


def test_a_wiped_one_is_empty_and_may_come_again(alice: Customer) -> None:
    document = add(alice).document
    for _time in range(2):
        documents.remove_document(
            document_id=document.pk,
            customer_id=alice.pk,
            reason="по заявлению",
            now=people.NOON,
            actor=people.CLERK,
        )
    document.refresh_from_db()
    assert (bytes(document.sealed), document.fingerprint, document.tail) == (b"", "", "")
    assert len(told("document.removed")) == 1
    with pytest.raises(IdentityDocument.DoesNotExist):
        show(document)
    assert add(alice).same_as == ()


def test_documents_of_others_are_not_shown(alice: Customer) -> None:
    document = add(alice).document
    with pytest.raises(IdentityDocument.DoesNotExist):
        documents.show_document(
            document_id=document.pk,
            customer_id=alice.pk + 1,
            reason="договор",
            keys=[OLD],
            now=people.NOON,
            actor=people.CLERK,
        )


def test_keys_are_changed_without_losing_a_document(
    alice: Customer, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PORTION", 2)
    for last in range(5):
        add(alice, replace(PASSPORT, number=f"401912345{last}"))
    wiped = IdentityDocument.objects.first()
    assert wiped is not None
    documents.remove_document(
        document_id=wiped.pk,
        customer_id=alice.pk,
        reason="ошибка",
        now=people.NOON,
        actor=people.CLERK,
    )
    for _time in range(2):
        settings.RETEL_DOCUMENT_KEYS = [NEW, OLD]  # type: ignore[attr-defined]
        call_command("seal_documents", stdout=StringIO())
    for row in IdentityDocument.objects.filter(removed_at__isnull=True):
        assert unseal(bytes(row.sealed), keys=[NEW]).number.startswith("401912345")
        with pytest.raises(UnableToUnseal):
            unseal(bytes(row.sealed), keys=[OLD])
    with pytest.raises(UnableToKeepDocument):
        add(alice, replace(PASSPORT, number="4019123454"), keys=(NEW,))


def test_a_lost_key_is_told_and_nothing_is_changed(alice: Customer, settings: object) -> None:
    before = bytes(add(alice).document.sealed)
    settings.RETEL_DOCUMENT_KEYS = [NEW]  # type: ignore[attr-defined]
    with pytest.raises(CommandError):
        call_command("seal_documents", stdout=StringIO())
    settings.RETEL_DOCUMENT_KEYS = []  # type: ignore[attr-defined]
    with pytest.raises(CommandError):
        call_command("seal_documents", stdout=StringIO())
    assert bytes(IdentityDocument.objects.get().sealed) == before
