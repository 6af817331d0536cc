"""Money runs out and comes back: pages, worker, network endpoint and mail server, all real."""

import re

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account, Subscription, User
from crm.domain.roles import CASHIER
from notifications.models import Message
from provisioning.models import Gateway
from tests import people
from tests.integration.portal.conftest import PASSWORD, subscriber
from tests.services import SmtpServer, WebhookEndpoint, WorkerProcess, wait_for
from tests.subscribers import charge, connect, pay

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(webhook_endpoint: WebhookEndpoint) -> Account:
    """Maria has a phone and a home line, and 300 roubles."""
    Gateway.objects.update(kind="webhook", url=webhook_endpoint.url)
    account = people.open_account(people.person("Иванова", "Мария", email="maria@example.org"))
    subscriber(account)
    pay(account, "300.00")
    return account


@pytest.fixture
def phone(account: Account) -> Subscription:
    return connect(account, service="mobile", identifier="79215550101")


@pytest.fixture
def line(account: Account) -> Subscription:
    return connect(account, service="internet", identifier="ivanova")


@pytest.fixture
def cashier_page(browser: Browser, live_server) -> Page:
    """The cash desk, signed in."""
    user = User.objects.create_user("kassa", PASSWORD, kind=User.Kind.STAFF, full_name="Касса")
    user.groups.add(Group.objects.get(name=CASHIER))
    people.ladoga()
    desk = browser.new_context(base_url=live_server.url, locale="ru-RU")
    page = desk.new_page()
    page.goto("/crm/login/")
    page.get_by_label("Логин").fill("kassa")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/crm/$"))
    yield page
    desk.close()


def come_in(page: Page, account: Account) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Лицевой счёт").fill(account.number)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#balance")


def test_money_runs_out_and_a_payment_at_the_desk_restores_everything_in_seconds(
    page: Page,
    cashier_page: Page,
    account: Account,
    phone: Subscription,
    line: Subscription,
    webhook_endpoint: WebhookEndpoint,
    smtp_server: SmtpServer,
    celery_worker: WorkerProcess,
) -> None:
    def network_has(mobile: str, internet: str) -> bool:
        state = webhook_endpoint.state
        wanted = {phone.pk: mobile, line.pk: internet}
        return {pk: state.get(pk, {}).get("level") for pk in wanted} == wanted

    def wait_until(mobile: str, internet: str) -> float:
        return wait_for(
            lambda: network_has(mobile, internet),
            seconds=10,
            what=lambda: f"{webhook_endpoint.state}\n{celery_worker.log}",
        )

    wait_until("open", "open")
    come_in(page, account)
    expect(page.locator(".sum-figure")).to_have_text("300,00\u00a0₽")

    charge(account, "300.00")
    wait_until("bar_long_distance", "open")
    page.goto("/services/")
    expect(page.locator("main")).to_contain_text("только местные звонки")

    charge(account, "100.00")
    wait_until("bar_long_distance", "slow")
    page.goto("/")
    expect(page.locator(".sum-figure")).to_have_text("−100,00\u00a0₽")
    expect(page.locator("main")).to_contain_text("медленнее")

    cashier_page.goto(f"/crm/customers/{account.customer_id}/")
    cashier_page.get_by_text("Принять платёж").first.click()
    cashier_page.get_by_role("button", name="Открыть смену").click()
    cashier_page.get_by_label("Сумма").fill("250")
    cashier_page.get_by_role("button", name="Принять платёж").click()
    took = wait_until("open", "open")

    assert took < 5
    page.goto("/")
    expect(page.locator(".sum-figure")).to_have_text("150,00\u00a0₽")
    expect(page.locator("main")).not_to_contain_text("медленнее")
    restored = Message.objects.filter(channel="inbox", event_kind="access.restored")
    wait_for(lambda: restored.count() == 2, what=lambda: celery_worker.log)
    page.goto("/inbox/")
    expect(page.locator("main")).to_contain_text("восстановлен")
    sent = Message.objects.filter(channel="email")
    wait_for(
        lambda: sent.filter(state="sent").count() == sent.count(), what=lambda: celery_worker.log
    )
    assert len(smtp_server.messages) == sent.count() > 0
    assert set(smtp_server.recipients) == {"maria@example.org"}
