"""Slips and acts in the portal: of one's own accounts only, and only where there are any."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Account, Customer, LegalEntity
from tests.integration.portal.conftest import charge, issue_bill
from tests.slips import codes_on, text_of

pytestmark = pytest.mark.django_db
SLIP = "/payments/slip/"


@pytest.fixture(autouse=True)
def our_bank(alice: Account) -> None:
    """The operator's bank account; Alice owes 310 roubles."""
    LegalEntity.objects.update(
        bank_account="40702810700000000017", bank_name="АО «Банк»", bank_bic="044030001"
    )
    charge(alice, "810.00")


def page(client: Client, address: str) -> str:
    """A page as text."""
    return client.get(address).content.decode()


def test_the_payments_page_leads_to_a_slip_for_the_debt(as_alice: Client, alice: Account) -> None:
    assert SLIP in page(as_alice, "/payments/")
    answer = as_alice.get(SLIP)
    [code] = codes_on(answer.content)
    assert f"PersAcc={alice.number}" in code
    assert "|Sum=31000|" in code
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_bill_leads_to_a_slip_for_what_is_owed_on_it(as_alice: Client, alice: Account) -> None:
    bill = issue_bill(alice, gross="810.00")
    address = f"/bills/{bill.pk}/slip/"
    assert address in page(as_alice, f"/bills/{bill.pk}/")
    [code] = codes_on(as_alice.get(address).content)
    assert "|Sum=31000|" in code
    assert bill.number_text in code


def test_a_paid_bill_has_no_slip_to_offer(as_alice: Client, alice: Account) -> None:
    bill = issue_bill(alice, gross="366.00")
    charge(alice, "-900.00", ref=2, kind=30)
    assert "/slip/" not in page(as_alice, f"/bills/{bill.pk}/")


def test_nobody_prints_the_papers_of_others(as_bob: Client, alice: Account) -> None:
    bill = issue_bill(alice, gross="366.00")
    for kind in ("slip", "act"):
        assert as_bob.get(f"/bills/{bill.pk}/{kind}/").status_code == 404
        assert Client().get(f"/bills/{bill.pk}/{kind}/").status_code == 302


def test_without_bank_requisites_no_slip_is_offered(as_alice: Client, alice: Account) -> None:
    LegalEntity.objects.update(bank_account="")
    bill = issue_bill(alice)
    assert "slip" not in page(as_alice, "/payments/")
    assert "slip" not in page(as_alice, f"/bills/{bill.pk}/")
    assert as_alice.get(SLIP).status_code == 404
    assert as_alice.get(f"/bills/{bill.pk}/slip/").status_code == 404


def test_a_company_downloads_its_acts_a_person_has_none(as_alice: Client, alice: Account) -> None:
    bill = issue_bill(alice, gross="366.00")
    assert "/act/" not in page(as_alice, f"/bills/{bill.pk}/")
    assert as_alice.get(f"/bills/{bill.pk}/act/").status_code == 404
    Customer.objects.filter(pk=alice.customer_id).update(kind="company", name="ООО «Берег»")
    assert f"/bills/{bill.pk}/act/" in page(as_alice, f"/bills/{bill.pk}/")
    text = text_of(as_alice.get(f"/bills/{bill.pk}/act/").content)
    assert "ООО «Берег»" in text
    assert "Триста шестьдесят шесть рублей 00 копеек" in text


def test_a_slip_speaks_the_language_of_the_page(as_alice: Client, alice: Account) -> None:
    as_alice.post("/language/", {"language": "en", "next": "/"})
    text = text_of(as_alice.get(SLIP).content)
    assert "Payment slip" in text or "Счёт-квитанция" in text
    assert str(Decimal("310.00")) in text.replace(",", ".")
