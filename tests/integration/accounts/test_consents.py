"""Consents: one in force to a thing, never changed, withdrawn with who and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts import queries
from accounts.domain.consents import LATEST, TEXTS, text_of
from accounts.models import Account, Consent
from accounts.operations import consents
from tests.people import CLERK, NOON, open_account_for

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def account() -> Account:
    return open_account_for("Петров", "Пётр")


def agree(
    account: Account, *, amount: str = "100.00", what: str = "plan", **other: object
) -> Consent:
    values = {"object_id": 5, "door": "portal", "now": NOON, "actor": "subscriber:7", **other}
    return consents.give(account_id=account.pk, what=what, amount=Decimal(amount), **values)


class TestGiving:
    def test_it_says_who_agreed_to_what_and_when(self, account: Account) -> None:
        given = agree(account, on_behalf_of="customer:3", terms={"next_fee": "100.00"})
        given.refresh_from_db()
        assert (given.what, given.object_id, given.amount, given.per) == (
            *("plan", 5, Decimal("100.00")),
            "month",
        )
        assert (given.given_at, given.actor, given.on_behalf_of) == (
            *(NOON, "subscriber:7"),
            "customer:3",
        )
        assert (given.door, given.text_version, given.terms) == (
            *("portal", LATEST),
            {"next_fee": "100.00"},
        )
        assert given.is_in_force

    def test_given_again_it_is_the_same(self, account: Account) -> None:
        assert agree(account).pk == agree(account, now=LATER).pk
        assert Consent.objects.count() == 1

    def test_another_price_takes_its_place(self, account: Account) -> None:
        first = agree(account)
        second = agree(account, amount="120.00", now=LATER)
        first.refresh_from_db()
        assert (first.withdrawn_at, first.withdrawn_by) == (LATER, "subscriber:7")
        assert first.amount == Decimal("100.00")
        assert queries.list_consents([account.pk], only_in_force=True) == [second]

    def test_the_database_holds_one_in_force(self, account: Account) -> None:
        given = agree(account)
        given.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            given.save(force_insert=True)

    def test_things_and_services_are_apart(self, account: Account) -> None:
        assert len({agree(account, what=what).pk for what in Consent.What.values}) == 5
        assert agree(account, object_id=6).pk != agree(account).pk


class TestWithdrawing:
    def test_it_says_who_withdrew_it_and_why(self, account: Account) -> None:
        given = agree(account)
        consents.withdraw(consent_id=given.pk, now=LATER, actor=CLERK, reason="просьба абонента")
        given.refresh_from_db()
        assert (given.withdrawn_at, given.withdrawn_by, given.withdraw_reason) == (
            *(LATER, CLERK),
            "просьба абонента",
        )
        assert queries.find_consent(account_id=account.pk, what="plan", object_id=5) is None

    def test_once_only(self, account: Account) -> None:
        given = agree(account)
        consents.withdraw(consent_id=given.pk, now=LATER, actor=CLERK)
        with pytest.raises(consents.UnableToWithdraw):
            consents.withdraw(consent_id=given.pk, now=LATER, actor=CLERK)

    def test_all_of_a_kind_but_one(self, account: Account) -> None:
        kept = agree(account, object_id=1)
        agree(account, object_id=2)
        other = agree(account, what="autopay")
        assert (
            consents.withdraw_all(
                account_id=account.pk, what="plan", keep_object_id=1, now=LATER, actor=CLERK
            )
            == 1
        )
        left = queries.list_consents([account.pk], only_in_force=True)
        assert {one.pk for one in left} == {kept.pk, other.pk}

    def test_those_in_force_are_listed_first(self, account: Account) -> None:
        old = agree(account)
        new = agree(account, object_id=6, now=LATER)
        consents.withdraw(consent_id=new.pk, now=LATER, actor=CLERK)
        assert [one.pk for one in queries.list_consents([account.pk])] == [old.pk, new.pk]


def test_every_kind_has_words_in_both_languages() -> None:
    for what in Consent.What.values:
        assert text_of(what, version=LATEST, language="ru") == TEXTS[LATEST, what][0]
        assert text_of(what, version=LATEST, language="en") == TEXTS[LATEST, what][1]
        assert TEXTS[LATEST, what][0] != TEXTS[LATEST, what][1]
