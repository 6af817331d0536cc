"""Bonuses, pauses, bundles and consolidated bills are told in words, from what really happens."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import operations as accounts
from billing_project.kernel.models import EventInbox
from invoicing import operations as invoicing
from notifications import operations, queries
from notifications.models import Message
from tests.checks import broken_promises
from tests.integration.invoicing.household import ACTOR, at, connect, make_account, make_version
from tests.integration.invoicing.offers import make_rule, pause
from tests.integration.invoicing.test_bundles import JAN, home, take  # noqa: F401 - a fixture
from tests.integration.invoicing.test_consolidation import Company, consolidate, month

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 10)


def told() -> list[tuple[str, str]]:
    """(kind, text) of what is in the inboxes, after what waits was read."""
    operations.read_events(now=at(DAY))
    rows = Message.objects.filter(channel="inbox").order_by("pk")
    assert not Message.objects.filter(state="failed").exists()
    assert broken_promises(queries.invariants()) == []
    return [(row.event_kind, row.body.replace("\u00a0", " ")) for row in rows]


def told_since(work: object) -> list[tuple[str, str]]:
    """What is told of the work alone."""
    EventInbox.objects.all().delete()
    work()
    return told()


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"pays": "any"}, " Он оплачивает любые начисления. Причина: за ожидание."),
        (
            {"pays": "usage", "expires_on": date(2026, 3, 1)},
            " Он оплачивает звонки, SMS и интернет. Действует по 1 марта. Причина: за ожидание.",
        ),
    ],
)
def test_a_bonus_says_what_it_pays_and_until_when(terms: dict, said: str) -> None:
    account = make_account()
    told_of = told_since(
        lambda: accounts.grant_bonus(
            account_id=account.pk,
            amount=Decimal(50),
            reason="за ожидание",
            request_id="b",
            limit=Decimal(99),
            business_date=DAY,
            now=at(DAY),
            actor=ACTOR,
            **terms,
        )
    )
    assert told_of == [
        ("bonus.granted", f"На лицевой счёт {account.number} начислен бонус 50 ₽.{said}")
    ]


def test_a_pause_from_a_day_is_told_when_agreed_and_when_called_off() -> None:
    make_rule(fee=Decimal(10), fee_period="day", free_days=0)
    service = connect(make_account(), make_version("310.00"))
    agreed = told_since(lambda: pause(service, on=DAY, starts_on=date(2026, 1, 20)))
    assert agreed == [
        (
            "pause.agreed",
            "С 20 января услуга «мобильная связь» будет на паузе. Пауза стоит 10 ₽ в день.",
        )
    ]
    [one] = service.pauses.all()
    invoicing.cancel_pause(pause_id=one.pk, now=at(DAY), actor=ACTOR, reason="Передумали.")
    assert told()[1:] == [
        (
            "pause.cancelled",
            "Пауза услуги «мобильная связь» с 20 января отменена, услуга работает как обычно. "
            "Причина: Передумали.",
        )
    ]


def test_a_pause_that_begins_at_once_is_told_once() -> None:
    make_rule()
    service = connect(make_account(), make_version("310.00"))
    assert [kind for kind, _body in told_since(lambda: pause(service, on=DAY))] == [
        "service.suspended"
    ]


def test_a_bundle_that_ends_says_from_when_the_rest_costs_more(
    home: tuple,  # noqa: F811 - the fixture
) -> None:
    account, (_net, tv), _versions, bundle = home
    take(account, bundle, on=JAN)
    ended = told_since(
        lambda: invoicing.terminate_service(subscription_id=tv.pk, now=at(DAY), actor=ACTOR)
    )
    assert dict(ended)["bundle.dissolved"] == (
        "Комплект «Дом» больше не действует: одна из его частей отключена или изменена. "
        "С 11 января остальное стоит столько, сколько по отдельности."
    )


def test_the_payer_is_told_of_the_consolidated_bill() -> None:
    bereg = Company()
    month({bereg.account: "100.00", bereg.unit("Север"): "300.00"})
    assert told_since(lambda: consolidate(date(2026, 2, 1))) == [
        (
            "bill.consolidated",
            "Готов сводный счёт № СВ-2026-000001 за 1 января – 31 января: начислено 400 ₽. "
            "К оплате 400 ₽ до 21 февраля. Счёт в PDF — в личном кабинете, раздел «Платежи».",
        )
    ]
    [message] = Message.objects.filter(channel="inbox")
    assert (message.customer_id, message.account_id) == (bereg.root.pk, 0)
