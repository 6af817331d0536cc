"""An account's money at the desk and in the portal, at both sizes and in both languages."""

import os
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import operations
from accounts.models import Account, User
from crm.domain.roles import ADMINISTRATOR
from tests import people
from tests.browser.conftest import DESKTOP, PHONE, press_shortcut, serious_faults
from tests.browser.test_crm import PASSWORD, come_in, is_too_wide
from tests.browser.test_portal import come_in as come_home
from tests.integration.portal import conftest as given
from tests.moves import charge

pytestmark = pytest.mark.django_db(transaction=True)

both_sizes = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
SCREENSHOTS = os.environ.get("RETEL_SCREENSHOTS", "")


@pytest.fixture
def account(db: None) -> Account:
    """Money, a hold, two bonuses, an adjustment that may be undone."""
    account = given.open_account("Ладожская", "Мария", phone="79111234568")
    given.subscriber(account)
    people.open_account(account.customer)
    given.pay(account, "1500.00")
    now = timezone.now()
    when = {"now": now, "business_date": timezone.localdate(now), "actor": people.CLERK}
    charge(account, "320.40", on=when["business_date"])
    operations.authorise_hold(
        account_id=account.pk, amount=Decimal(400), reason="Роутер в рассрочку", reference="r-17",
        expires_at=now + timedelta(days=3), now=now, actor=people.CLERK,
    )  # fmt: skip
    for request, last in (("a", None), ("b", when["business_date"] + timedelta(days=9))):
        operations.grant_bonus(
            account_id=account.pk, amount=Decimal(150), reason="День рождения", request_id=request,
            limit=Decimal(999), expires_on=last, **when,
        )  # fmt: skip
    operations.adjust(
        account_id=account.pk, amount=Decimal(25), reason="Извинение за перерыв", request_id="x",
        limit=Decimal(99), **when,
    )  # fmt: skip
    return account


@pytest.fixture
def administrator(account: Account) -> User:
    user = User.objects.create_user(
        "petrova", PASSWORD, kind=User.Kind.STAFF, full_name="Анна Петрова"
    )
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return user


def look(page: Page, name: str, viewport: dict[str, int]) -> None:
    """No serious fault, nothing sticks out; keep the picture if asked to."""
    assert serious_faults(page) == []
    assert not is_too_wide(page)
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{viewport['width']}.png", full_page=True)


@both_sizes
def test_the_desk_holds_gives_and_undoes(
    page: Page, viewport: dict[str, int], account: Account, administrator: User
) -> None:
    come_in(page)
    page.goto(f"/crm/accounts/{account.pk}/money/")
    look(page, "account-money-ru", viewport)
    press_shortcut(page, "h")
    dialog = page.locator("#dialog")
    dialog.get_by_label("Сумма").fill("100")
    dialog.get_by_label("За что").fill("Залог")
    dialog.get_by_role("button", name="Зарезервировать").click()
    expect(page.locator("#holds")).to_contain_text("Залог")
    page.get_by_role("link", name="Отменить проводку").click()
    dialog.get_by_label("Причина").fill("ошибка")
    look(page, "account-money-dialog", viewport)
    dialog.get_by_role("button", name="Отменить проводку").click()
    expect(page.locator("main")).to_contain_text("Проводка отменена")


@both_sizes
@pytest.mark.parametrize("language", ["ru", "en"])
def test_pages_of_the_desk_are_sound(
    page: Page, viewport: dict[str, int], account: Account, administrator: User, language: str
) -> None:
    debtor = people.open_account_for("Долгов", "Денис")
    charge(debtor, "80.00")
    Account.objects.filter(pk=debtor.pk).update(closed_on=date(2026, 1, 9))
    run = operations.preview_write_off_run(
        closed_before=date(2026, 6, 1), most=None, reason="Срок давности", request_id="r",
        now=timezone.now(), actor="staff:404",
    )  # fmt: skip
    come_in(page)
    if language == "en":
        page.locator(
            "form[action$='/i18n/setlang/'] button[value=en], button[value=en]"
        ).first.click()
    for path, name in (
        (f"/crm/accounts/{account.pk}/money/", "account-money"),
        ("/crm/reports/", "trial"),
        ("/crm/reports/1/1/", "trial-days"),
        ("/crm/debts/", "debts"),
        (f"/crm/debts/{run.pk}/", "debt-run"),
    ):
        page.goto(path)
        look(page, f"{name}-{language}", viewport)


@both_sizes
def test_the_portal_explains_and_moves(
    page: Page, viewport: dict[str, int], account: Account
) -> None:
    come_home(page, account)
    look(page, "portal-home", viewport)
    page.goto("/statement/")
    expect(page.locator("#held")).to_contain_text("Роутер в рассрочку")
    look(page, "portal-statement", viewport)
    page.get_by_role("link", name=re.compile("Оплатить бонусами")).click()
    look(page, "portal-bonus", viewport)
    page.get_by_role("button", name="Оплатить бонусами").click()
    expect(page.locator("main")).to_contain_text("бонус оплатил часть")
    page.get_by_role("link", name="Перевести деньги на другой счёт").click()
    look(page, "portal-transfer", viewport)
