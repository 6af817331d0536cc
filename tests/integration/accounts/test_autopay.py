"""Standing orders: with a consent, once per occasion, within the month, off after enough failures."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.domain.autopay import Terms
from accounts.models import Account, Autopay, CardPayment, Consent, SavedCard
from accounts.operations import acquiring
from billing_project.kernel.models import BusinessEvent
from tests import people
from tests.acquirers import Bank, set_up
from tests.cards import NOON, broken, money, paid, settle
from tests.subscribers import charge as spend

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("kind", ["yookassa", "stripe"])
BELOW = Terms(Decimal("300.00"), Decimal("1000.00"), threshold=Decimal("100.00"))
HOUR = timedelta(hours=1)


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Смирнова", "Алиса")


def order(account: Account, terms: Terms = BELOW, *, now: datetime = NOON, **more) -> Autopay:
    card = SavedCard.objects.filter(account=account).order_by("-pk").first()
    values = {"card_id": card.pk if card else 0, "door": "portal", "actor": "subscriber:1"}
    return acquiring.set_autopay(account_id=account.pk, terms=terms, now=now, **{**values, **more})


@pytest.fixture(params=["yookassa", "stripe"])
def ready(
    request: pytest.FixtureRequest, account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> Bank:
    """A card is kept, and 150 roubles are left."""
    set_up(bank, request.param, monkeypatch)
    paid(account, bank, saves_card=True)
    spend(account, "350.00")
    return bank


def run(now: datetime = NOON) -> int:
    return acquiring.run_autopay(now=now)


def events(kind: str) -> int:
    return BusinessEvent.objects.filter(kind=kind).count()


def test_an_order_is_set_with_its_consent_and_replaces_the_former(
    account: Account, ready: Bank
) -> None:
    first = order(account)
    second = order(account, Terms(Decimal(500), Decimal(500), day=5))
    first.refresh_from_db()
    assert (first.state, second.state, second.trigger) == ("off", "on", "day")
    assert second.next_try_at.astimezone(people.MOSCOW).isoformat() == "2026-11-05T10:00:00+03:00"
    old, new = Consent.objects.filter(what="autopay").order_by("pk")
    assert (old.object_id, old.withdrawn_at) == (first.pk, NOON)
    assert (new.object_id, new.withdrawn_at, new.amount, new.per) == (second.pk, None, 500, "time")
    assert new.terms["day"] == 5
    assert (new.door, new.actor) == ("portal", "subscriber:1")
    assert broken() == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(Decimal(300), Decimal(1000)), "trigger"),
        (Terms(Decimal(300), Decimal(1000), threshold=Decimal(1), day=1), "trigger"),
        (Terms(Decimal(0), Decimal(1000), day=1), "amount"),
        (Terms(Decimal(300), Decimal(299), day=1), "monthly_cap"),
        (Terms(Decimal(300), Decimal(300), day=32), "day"),
        (Terms(Decimal(300), Decimal(300), threshold=Decimal(-1)), "threshold"),
    ],
)
def test_terms_that_dont_fit(account: Account, ready: Bank, terms: Terms, field: str) -> None:
    with pytest.raises(acquiring.UnableToSetAutopay) as refusal:
        order(account, terms)
    assert refusal.value.field == field
    assert not Autopay.objects.exists()


def test_only_an_own_card(account: Account, ready: Bank) -> None:
    other = people.open_account_for("Кузнецов", "Борис")
    with pytest.raises(acquiring.UnableToSetAutopay):
        order(other, card_id=SavedCard.objects.get().pk)
    with pytest.raises(acquiring.UnableToSetAutopay):
        order(account, card_id=0)


def test_below_the_threshold_it_charges_once(account: Account, ready: Bank) -> None:
    order(account)
    assert run() == 0  # 150 are left
    spend(account, "60.00")
    assert run() == 1
    assert money(account) == 390
    row = CardPayment.objects.get(autopay__isnull=False)
    assert (row.state, row.door, row.actor) == ("succeeded", "autopay", "system:autopay")
    assert run() == 0
    spend(account, "350.00")
    assert run() == 0  # an hour of rest
    assert run(NOON + HOUR) == 1
    assert broken() == []


def test_by_date_every_month(account: Account, ready: Bank) -> None:
    order(account, Terms(Decimal(300), Decimal(300), day=31))
    days = [(11, 29), (11, 30), (12, 1), (12, 30), (12, 31)]
    made = [run(datetime(2026, month, day, 11, tzinfo=people.MOSCOW)) for month, day in days]
    assert made == [0, 1, 0, 0, 1]
    assert money(account) == 750
    row = Autopay.objects.get()
    assert row.next_try_at.astimezone(people.MOSCOW).date().isoformat() == "2027-01-31"


def test_never_more_than_the_month_may_take(account: Account, ready: Bank) -> None:
    order(account, Terms(Decimal(300), Decimal(700), threshold=Decimal(10_000)))
    made = [run(NOON + n * HOUR) for n in range(6)]
    assert made == [1, 1, 0, 0, 0, 0]
    assert (money(account), events("autopay.capped")) == (750, 1)
    assert run(datetime(2026, 12, 1, 10, tzinfo=people.MOSCOW)) == 1


def test_a_new_order_doesnt_open_the_months_limit_again(account: Account, ready: Bank) -> None:
    terms = Terms(Decimal(300), Decimal(300), threshold=Decimal(10_000))
    order(account, terms)
    assert run() == 1
    order(account, terms, now=NOON + HOUR)
    assert run(NOON + HOUR) == 0


def test_failures_are_tried_later_and_then_it_is_off(account: Account, ready: Bank) -> None:
    ready.declines = "insufficient_funds"
    order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    moments = [0, 1, 2, 3, 26, 27, 74, 75, 200]
    made = [run(NOON + hours * HOUR) for hours in moments]
    assert made == [1, 0, 1, 0, 1, 0, 1, 0, 0]
    row = Autopay.objects.get()
    assert (row.state, row.failures, row.off_reason) == ("off", 4, "insufficient_funds")
    assert (events("autopay.declined"), events("autopay.failed")) == (3, 1)
    assert Consent.objects.get(what="autopay").withdrawn_at is not None
    assert (money(account), ready.captured) == (150, 50000)
    assert broken() == []


def test_a_lost_card_is_not_tried_again(account: Account, ready: Bank) -> None:
    words = {"yookassa": "card_expired", "stripe": "lost_card"}
    ready.declines = words[SavedCard.objects.get().acquirer.kind]
    order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    assert [run(NOON + n * HOUR) for n in (0, 2, 48)] == [1, 0, 0]
    assert Autopay.objects.get().state == "off"
    assert events("autopay.failed") == 1


def test_success_forgets_the_failures(account: Account, ready: Bank) -> None:
    order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    ready.declines = "insufficient_funds"
    run()
    ready.declines = ""
    assert run(NOON + 2 * HOUR) == 1
    row = Autopay.objects.get()
    assert (row.failures, row.round) == (0, 1)


@pytest.mark.parametrize("fault", ["lost", "down"])
def test_silence_after_the_charge_is_asked_again_and_charges_once(
    account: Account, ready: Bank, fault: str
) -> None:
    order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    ready.faults = [fault]
    assert run() == 1
    assert CardPayment.objects.get(autopay__isnull=False).state == "unknown"
    assert [run(NOON + n * HOUR) for n in range(1, 4)] == [0, 0, 0]
    settle(NOON + 5 * HOUR)
    assert (money(account), ready.captured) == (450, 80000)
    assert broken() == []


def test_what_is_unknown_for_a_day_waits_for_a_person(account: Account, ready: Bank) -> None:
    order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    ready.faults = ["down"]
    run()
    before = len(ready.requests)
    for hours in (24, 48, 96):
        settle(NOON + hours * HOUR)
        run(NOON + hours * HOUR)
    assert len(ready.requests) == before
    assert CardPayment.objects.get(autopay__isnull=False).state == "unknown"


def test_a_process_killed_before_it_asked_is_made_good(account: Account, ready: Bank) -> None:
    row = order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    assert acquiring.autopay.claim(autopay_id=row.pk, now=NOON) is not None
    assert acquiring.autopay.claim(autopay_id=row.pk, now=NOON) is None
    settle(NOON + HOUR)
    assert (money(account), ready.captured) == (450, 80000)


def test_stopped_with_one_word(account: Account, ready: Bank) -> None:
    row = order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    assert acquiring.stop_autopay(autopay_id=row.pk, now=NOON, actor="subscriber:1")
    assert not acquiring.stop_autopay(autopay_id=row.pk, now=NOON, actor="subscriber:1")
    assert run(NOON + HOUR) == 0
    assert events("autopay.stopped") == 1
    assert broken() == []


def test_a_removed_card_stops_its_order(account: Account, ready: Bank) -> None:
    row = order(account)
    assert acquiring.remove_card(card_id=row.card_id, now=NOON, actor="subscriber:1")
    row.refresh_from_db()
    assert row.state == "off"
    assert not acquiring.remove_card(card_id=row.card_id, now=NOON, actor="subscriber:1")
    with pytest.raises(acquiring.UnableToSetAutopay):
        order(account)


def test_the_database_allows_one_open_charge_and_one_order(account: Account, ready: Bank) -> None:
    row = order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    charge = acquiring.autopay.claim(autopay_id=row.pk, now=NOON)
    assert charge is not None
    charge.pk, charge.key, charge.occasion = None, "other", "9.9"
    with pytest.raises(IntegrityError), transaction.atomic():
        charge.save(force_insert=True)
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_an_order_without_consent_is_found(account: Account, ready: Bank) -> None:
    order(account)
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_consent SET withdrawn_at = given_at")
    assert broken() == ["a standing order is on exactly while its consent is in force"]


def test_a_charge_on_anothers_account_is_found(account: Account, ready: Bank) -> None:
    row = order(account, Terms(Decimal(300), Decimal(900), threshold=Decimal(10_000)))
    assert acquiring.autopay.claim(autopay_id=row.pk, now=NOON) is not None
    assert broken() == []
    other = people.open_account_for("Кузнецов", "Борис")
    CardPayment.objects.filter(autopay=row).update(account=other)
    promise = "a standing order has one open charge at most, and each belongs to its account"
    assert promise in broken()
