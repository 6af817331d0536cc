"""Events become messages: once per event and channel, by the customer's choice and language."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts import operations as accounts_operations
from accounts.models import Account
from billing_project.kernel.models import BusinessEvent, EventInbox
from billing_project.kernel.operations import record_event, record_events
from notifications import operations, queries
from notifications.models import Message, Template
from notifications.operations import Told
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    customer = people.person("Иванова", "Мария", email="maria@example.org")
    account = people.open_account(customer)
    EventInbox.objects.all().delete()
    return account


def _read(now: datetime = NOON) -> Told:
    return operations.read_events(now=now)


def _messages(**where: object) -> list[tuple[str, str, str]]:
    rows = Message.objects.filter(**where).order_by("pk")
    return list(rows.values_list("event_kind", "channel", "state"))


def _edit(account: Account, **changes: str) -> None:
    accounts_operations.edit_contact(
        customer_id=account.customer_id, now=NOON, actor=CLERK, **changes
    )


class TestReadEvents:
    def test_a_payment_is_told_in_the_inbox_and_by_mail(self, account: Account) -> None:
        pay(account, "120.50")
        assert _read() == Told(events=1, inbox=1, email=1)
        inbox, email = Message.objects.order_by("channel").reverse()
        assert (inbox.state, inbox.sent_at, inbox.next_try_at) == ("sent", NOON, None)
        assert (inbox.recipient, inbox.category) == (f"customer:{account.customer_id}", "money")
        assert inbox.subject == "Платёж 120,50\u00a0₽ зачислен"
        assert inbox.body == (
            f"Платёж 120,50\u00a0₽ зачислен на лицевой счёт {account.number}. Баланс 120,50\u00a0₽."
        )
        assert (email.state, email.sent_at, email.next_try_at) == ("queued", None, NOON)
        assert email.recipient == "maria@example.org"
        assert email.body.startswith("Здравствуйте, Мария!\n\n")
        assert broken_promises(queries.invariants()) == []

    def test_read_again_nothing_is_told_twice(self, account: Account) -> None:
        pay(account, "120.50")
        _read()
        assert _read() == Told()
        event = BusinessEvent.objects.get(kind="payment.received")
        EventInbox.objects.create(
            consumer="notifications",
            event_id=event.pk,
            account_id=event.account_id,
            happened_at=event.happened_at,
        )
        assert _read() == Told(events=1)
        assert Message.objects.count() == 2

    def test_access_is_told_in_words(self, account: Account) -> None:
        connect(account)
        charge(account, "120.00")
        drain()
        _read()
        told = Message.objects.get(event_kind="access.restricted", channel="inbox")
        assert told.body.replace("\u00a0", " ") == (
            "Баланс −120 ₽. Интернет работает медленнее, до 512 Кбит/с. "
            "Пополните на 120 ₽, и скорость вернётся сразу."
        )

    def test_the_customers_language_is_used(self, account: Account) -> None:
        _edit(account, language="en")
        pay(account, "120.50")
        _read()
        assert (
            Message.objects.filter(language="en", subject="Payment of ₽120.50 received").count()
            == 2
        )

    def test_without_an_address_only_the_inbox(self, account: Account) -> None:
        _edit(account, email="")
        pay(account, "120.50")
        assert _read() == Told(events=1, inbox=1)

    def test_a_choice_holds_for_its_category_and_channel(self, account: Account) -> None:
        operations.set_preference(
            customer_id=account.customer_id,
            category="money",
            channel="email",
            is_wanted=False,
            now=NOON,
        )
        pay(account, "120.50")
        record_event(
            kind="password.changed",
            customer_id=account.customer_id,
            happened_at=NOON,
            actor="subscriber:1",
        )
        _read()
        assert _messages() == [
            ("payment.received", "inbox", "sent"),
            ("password.changed", "inbox", "sent"),
            ("password.changed", "email", "queued"),
        ]

    def test_a_plan_and_a_service_named_by_id_are_worded(self, account: Account) -> None:
        subscription = connect(account)
        faster = people.plan_version("faster", service="internet")
        EventInbox.objects.all().delete()
        accounts_operations.set_plan(
            subscription_id=subscription.pk,
            plan_version_id=faster.pk,
            active_from=NOON.replace(hour=13),
            now=NOON,
            actor=CLERK,
        )
        _read()
        assert Message.objects.get(channel="inbox").body.replace("\u00a0", " ") == (
            "Новый тариф действует с 2 ноября: «faster», абонентская плата 300 ₽."
        )

    def test_a_message_that_cannot_be_worded_is_work_for_a_person(self, account: Account) -> None:
        Template.objects.filter(channel="inbox").update(body="{due}")
        Template.objects.filter(channel="email").delete()
        pay(account, "120.50")
        assert _read() == Told(events=1, inbox=1, email=1)
        assert [message.error for message in queries.list_undelivered()] == [
            "no template: payment.received, email, ru",
            "no value for {due}",
        ]
        assert queries.count_unread(account.customer_id) == 0

    def test_a_thousand_bills_take_a_handful_of_queries(
        self, account: Account, django_assert_max_num_queries: object
    ) -> None:
        record_events(
            kind="bill.issued",
            source_sql="SELECT %s::bigint, %s::bigint, NULL::bigint, %s::timestamptz + n * "
            "interval '1 second', jsonb_build_object('number', n, 'amount', '10.00') "
            "FROM generate_series(1, 1000) n",
            params=[account.pk, account.customer_id, NOON],
            actor="system:nightly",
        )
        with django_assert_max_num_queries(25):
            assert _read() == Told(events=1000, inbox=1000, email=1000)


class TestInbox:
    def test_it_pages_by_key_and_counts_what_is_new(self, account: Account) -> None:
        for rubles in range(1, 6):
            pay(account, f"{rubles}.00")
        _read()
        first = queries.list_inbox(customer_id=account.customer_id, limit=3)
        rest = queries.list_inbox(customer_id=account.customer_id, before=first[-1].pk, limit=3)
        assert [len(first), len(rest)] == [3, 2]
        assert queries.count_unread(account.customer_id) == 5
        seen = operations.mark_read(customer_id=account.customer_id, up_to=rest[0].pk, now=NOON)
        assert (seen, queries.count_unread(account.customer_id)) == (2, 3)

    def test_another_customers_inbox_stays_untouched(self, account: Account) -> None:
        pay(account, "1.00")
        _read()
        assert operations.mark_read(customer_id=account.customer_id + 1, up_to=2**62, now=NOON) == 0
        assert queries.list_inbox(customer_id=account.customer_id + 1) == []


class TestSetPreference:
    def test_the_last_choice_holds(self, account: Account) -> None:
        for is_wanted in (False, True, False):
            operations.set_preference(
                customer_id=account.customer_id,
                category="service",
                channel="inbox",
                is_wanted=is_wanted,
                now=NOON,
            )
        assert queries.list_wanted([account.customer_id]) == {
            account.customer_id: {("service", "inbox"): False}
        }

    @pytest.mark.parametrize(
        ("category", "channel"), [("security", "email"), ("gossip", "email"), ("money", "pigeon")]
    )
    def test_what_cannot_be_chosen_is_refused(
        self, account: Account, category: str, channel: str
    ) -> None:
        with pytest.raises(operations.UnableToSetPreference):
            operations.set_preference(
                customer_id=account.customer_id,
                category=category,
                channel=channel,
                is_wanted=False,
                now=NOON,
            )


class TestTemplates:
    def test_an_edited_wording_is_a_new_version_and_stays(self) -> None:
        what = {"event_kind": "bill.issued", "channel": "inbox", "language": "ru"}
        operations.change_template(**what, subject="Счёт {number}", body="Готов.")
        operations.ensure_reference_data()
        rows = Template.objects.filter(**what).order_by("version")
        assert list(rows.values_list("version", "is_current")) == [(1, False), (2, True)]

    def test_a_form_refuses_it_too(self) -> None:
        row = Template.objects.filter(event_kind="bill.issued").first()
        row.body = "{due}"
        with pytest.raises(ValidationError, match="due"):
            row.full_clean()

    def test_a_wrong_wording_is_refused(self) -> None:
        with pytest.raises(operations.UnableToChangeTemplate):
            operations.change_template(
                event_kind="bill.issued",
                channel="inbox",
                language="ru",
                subject="{due}",
                body="Готов.",
            )
        assert not Template.objects.filter(version=2).exists()


class TestInvariants:
    def _plant(self, account: Account, **changes: object) -> list[str]:
        pay(account, "1.00")
        _read()
        Message.objects.filter(channel="email").update(**changes)
        return broken_promises(queries.invariants())

    def test_the_same_thing_told_twice_is_found(self, account: Account) -> None:
        pay(account, "1.00")
        _read()
        message = Message.objects.get(channel="email")
        message.pk, message.recipient = None, "other@example.org"
        message.save()
        assert broken_promises(queries.invariants()) == [
            "one message per event, customer and channel"
        ]

    def test_sent_without_a_moment_is_found(self, account: Account) -> None:
        assert self._plant(account, state="sent") == [
            "a message has a moment of sending exactly when it was sent"
        ]

    def test_a_message_about_nothing_is_found(self, account: Account) -> None:
        assert self._plant(account, event_id=-1) == [
            "what is in the inbox was worded, and was told of an event"
        ]


class TestAlarms:
    def test_a_message_that_waits_too_long_is_an_alarm(self, account: Account) -> None:
        pay(account, "1.00")
        _read()
        late = NOON + timedelta(hours=3)
        assert broken_promises(queries.alarms(now=NOON)) == []
        assert broken_promises(queries.alarms(now=late)) == ["messages that wait too long"]

    def test_a_message_without_an_outcome_is_an_alarm(self, account: Account) -> None:
        pay(account, "1.00")
        _read()
        Message.objects.filter(channel="email").update(state="unknown")
        assert broken_promises(queries.alarms(now=NOON)) == [
            "messages that failed or whose outcome is unknown"
        ]


def test_money_in_words_is_the_money_in_the_books(account: Account) -> None:
    pay(account, "0.10")
    pay(account, "0.20")
    _read()
    latest = queries.list_inbox(customer_id=account.customer_id, limit=1)[0]
    assert "Баланс 0,30\u00a0₽" in latest.body
