"""The portal: a charge is disputed beside its line; nobody sees another's."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Account
from dunning.operations import disputes
from invoicing.models import Bill, Dispute
from invoicing.operations.disputes import say
from tests.integration.portal.conftest import charge, issue_bill

pytestmark = pytest.mark.django_db
CLAIM = {"amount": "66,00", "reason": "Не звонила", "request_id": "d1"}


@pytest.fixture
def bill(alice: Account) -> Bill:
    return issue_bill(alice)


def raise_it(client: Client, bill: Bill, **changes: str):
    return client.post(f"/bills/lines/{bill.lines.get().pk}/dispute/", CLAIM | changes)


def test_beside_the_line_it_is_raised_and_followed(as_alice: Client, bill: Bill) -> None:
    line = bill.lines.get()
    assert f"/bills/lines/{line.pk}/dispute/" in as_alice.get(f"/bills/{bill.pk}/").content.decode()
    asked = as_alice.get(f"/bills/lines/{line.pk}/dispute/").content.decode()
    assert "366,00" in asked
    raise_it(as_alice, bill)
    dispute = Dispute.objects.get()
    assert (dispute.amount, dispute.reason) == (Decimal("66.00"), "Не звонила")
    assert dispute.actor.startswith("subscriber:")
    assert accounts_queries.get_balance(bill.account_id).floor == 66
    shown = as_alice.get(f"/bills/{bill.pk}/").content.decode()
    assert f"/disputes/{dispute.pk}/" in shown
    assert f"/bills/lines/{line.pk}/dispute/" not in shown
    assert "Не звонила" in as_alice.get(f"/disputes/{dispute.pk}/").content.decode()
    assert f"/disputes/{dispute.pk}/" in as_alice.get("/disputes/").content.decode()


@pytest.mark.parametrize(
    "changes", [{"amount": "366,01"}, {"amount": "0"}, {"reason": ""}, {"amount": "x"}]
)
def test_what_is_wrong_is_said_and_nothing_is_frozen(
    as_alice: Client, bill: Bill, changes: dict[str, str]
) -> None:
    answer = raise_it(as_alice, bill, **changes)
    assert answer.status_code == 200
    assert "wrong" in answer.content.decode()
    assert Dispute.objects.count() == 0


def test_a_charge_on_no_bill_yet(as_alice: Client, alice: Account) -> None:
    charge(alice, "90.00", kind=Kind.ONE_OFF)
    entry = accounts_queries.list_entries(account_id=alice.pk)[0]
    assert f"/charges/{entry.id}/dispute/" in as_alice.get("/charges/").content.decode()
    as_alice.post(f"/charges/{entry.id}/dispute/", CLAIM)
    assert Dispute.objects.get().entry_id == entry.id


def test_nobody_disputes_or_sees_anothers(as_alice: Client, as_bob: Client, bill: Bill) -> None:
    assert raise_it(as_bob, bill).status_code == 404
    raise_it(as_alice, bill)
    dispute = Dispute.objects.get()
    for address in (f"/disputes/{dispute.pk}/", f"/bills/lines/{bill.lines.get().pk}/dispute/"):
        assert as_bob.get(address).status_code == 404
    assert as_bob.post(f"/disputes/{dispute.pk}/withdraw/").status_code == 404
    assert Dispute.objects.get().state == "open"


def test_talked_about_and_withdrawn(as_alice: Client, bill: Bill) -> None:
    raise_it(as_alice, bill)
    dispute = Dispute.objects.get()
    now = timezone.now()
    say(dispute_id=dispute.pk, text="Смотрим", now=now, actor="staff:1")
    say(dispute_id=dispute.pk, text="Между нами", now=now, actor="staff:1", is_internal=True)
    as_alice.post(f"/disputes/{dispute.pk}/", {"text": "Жду"})
    page = as_alice.get(f"/disputes/{dispute.pk}/").content.decode()
    assert ["Смотрим" in page, "Жду" in page, "Между нами" in page] == [True, True, False]
    as_alice.post(f"/disputes/{dispute.pk}/withdraw/")
    assert Dispute.objects.get().state == "withdrawn"
    assert accounts_queries.get_balance(bill.account_id).floor == 0


def test_given_back_the_note_is_on_the_bill_and_printed(
    as_alice: Client, as_bob: Client, bill: Bill
) -> None:
    raise_it(as_alice, bill)
    now = timezone.now()
    closed = disputes.accept(
        dispute_id=Dispute.objects.get().pk,
        amount=Decimal("66.00"),
        answer="Вы правы",
        limit=Decimal(1000),
        business_date=timezone.localdate(now),
        now=now,
        actor="staff:1",
    )
    assert closed.note.number_text in as_alice.get(f"/bills/{bill.pk}/").content.decode()
    assert "Вы правы" in as_alice.get(f"/disputes/{closed.pk}/").content.decode()
    assert as_alice.get(f"/notes/{closed.note_id}/pdf/").content.startswith(b"%PDF")
    assert as_bob.get(f"/notes/{closed.note_id}/pdf/").status_code == 404
