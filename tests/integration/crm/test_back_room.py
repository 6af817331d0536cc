"""Set-up of an empty installation, the night's page, reports."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Account, LegalEntity, PoolNumber, User
from billing_project.kernel.models import JobRun
from crm.forms.setup import SetUpForm
from notifications.models import Template
from notifications.operations.templates import ensure_reference_data as ensure_templates
from rating.models import UsageSource
from tariffs import queries as tariffs_queries
from tariffs.models import Holiday, PlanVersion
from tests import people
from tests.integration.crm.conftest import StaffClient, signed_in, staff

pytestmark = pytest.mark.django_db

GOOD = {
    "name": "Ладога Телеком",
    "full_name": "ООО «Ладога Телеком»",
    "inn": "7830002293",
    "kpp": "783001001",
    "address": "Санкт-Петербург, Невский пр., 1",
    "tax_category": "standard",
    "tax_percent": "22",
    "holidays": "31.12.2026 Канун Нового года",
    "contract_prefix": "Л",
    "bill_prefix": "С",
    "home_region": "812, 813",
    "time_zone": "Europe/Moscow",
    "first_number": "79215550000",
    "last_number": "79215550099",
    "service": "mobile",
    "account_kind": "",
    "plan_name_ru": "Старт",
    "plan_name_en": "Start",
    "plan_code": "start",
    "fee": "300",
    "local_price": "1.50",
    "long_distance_price": "3.50",
    "international_price": "25",
    "sms_price": "2",
    "minutes": "200",
    "source_code": "asterisk",
    "source_name": "Asterisk",
    "source_format": "asterisk",
}


def client_of(role: str) -> Client:
    return signed_in(staff(role))


def test_an_empty_installation_leads_the_administrator_to_the_set_up() -> None:
    client = client_of("administrator")
    assert client.get("/crm/").headers["location"] == "/crm/set-up/"
    assert client.get("/crm/night/").headers["location"] == "/crm/set-up/"
    assert client_of("agent").get("/crm/").status_code == 503


def test_the_set_up_writes_everything_and_is_done_once() -> None:
    client = client_of("administrator")
    assert client.post("/crm/set-up/", GOOD).headers["location"] == "/crm/"
    entity = LegalEntity.objects.get()
    assert (entity.inn, entity.contract_prefix) == ("7830002293", "Л")
    assert PoolNumber.objects.filter(kind="msisdn", is_free=True).count() == 100
    assert Holiday.objects.get(day=date(2026, 12, 31)).name == "Канун Нового года"
    version = PlanVersion.objects.get()
    assert version.published_at is not None
    assert (version.fee, version.allowances.get().amount) == (Decimal("300.00"), 200 * 60)
    today = timezone.localdate()
    assert tariffs_queries.get_tax_percent(category="standard", on=today) == Decimal("22.00")
    assert tariffs_queries.list_plans_on_sale(on=today, service="mobile") == [version]
    assert UsageSource.objects.get().code == "asterisk"
    assert client.get("/crm/").status_code == 200
    assert client.post("/crm/set-up/", GOOD).headers["location"] == "/crm/"
    assert LegalEntity.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("inn", "7830002294", "inn"),
        ("kpp", "78300", "kpp"),
        ("kpp", "", "kpp"),
        ("ogrn", "1027700132196", "ogrn"),
        ("bank_bic", "123", "bank_bic"),
        ("bank_account", "40702810938000000001", "bank_account"),
        ("holidays", "Канун Нового года", "holidays"),
        ("holidays", "31.12.2026", "holidays"),
        ("last_number", "79215549999", "last_number"),
        ("last_number", "79225550000", "last_number"),
        ("first_number", "+7 921 555", "first_number"),
        ("time_zone", "Asia/Omsk", "time_zone"),
        ("tax_percent", "100", "tax_percent"),
        ("fee", "-1", "fee"),
        ("plan_code", "старт", "plan_code"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(field: str, value: str, at: str) -> None:
    form = SetUpForm({**GOOD, field: value})
    assert not form.is_valid()
    assert list(form.errors) == [at]


def test_an_unknown_region_writes_nothing() -> None:
    answer = client_of("administrator").post("/crm/set-up/", {**GOOD, "home_region": "999"})
    assert "999" in str(answer.context["form"].non_field_errors())
    assert not LegalEntity.objects.exists()
    assert not PoolNumber.objects.exists()
    assert not PlanVersion.objects.exists()


def test_the_night_page_shows_steps_and_errors(as_role: StaffClient) -> None:
    piece(step="price", state="done", rows_done=12_000, summary={"in suspense": 7})
    piece(step="bills", state="failed", error="no number left", attempts=2)
    page = as_role("accountant").get("/crm/night/").content.decode().replace("\u00a0", " ")
    for shown in ("Тарификация", "12 000", "приостановлено", "no number left", "2 попытки"):
        assert shown in page
    assert "/crm/night/run/" not in page
    assert "/crm/night/run/" in as_role("administrator").get("/crm/night/").content.decode()


def test_progress_of_a_running_step_is_asked_for_every_two_seconds(as_role: StaffClient) -> None:
    piece(step="price", state="running", rows_total=200, rows_done=50)
    page = as_role("accountant").get("/crm/night/progress/").content.decode()
    assert "every 2s" in page
    assert 'value="25"' in page


def test_starting_the_night_only_nudges(as_role: StaffClient) -> None:
    assert as_role("administrator").post("/crm/night/run/").status_code == 302
    assert not JobRun.objects.exists()


def test_a_bad_day_is_not_found(as_role: StaffClient) -> None:
    assert as_role("accountant").get("/crm/night/tomorrow/").status_code == 404


def piece(**fields: Any) -> JobRun:
    now = timezone.now()
    values = {"started_at": now, "finished_at": now if fields["state"] == "done" else None}
    return JobRun.objects.create(
        job="nightly", business_date=date(2026, 11, 1), **{"attempts": 1, **values, **fields}
    )


def test_the_trial_balance_shows_both_sides(as_role: StaffClient) -> None:
    account: Account = people.open_account_for("Иванова", "Мария")
    from tests.integration.crm.test_card import pay

    pay(account, "450.50", "T-1")
    address = "/crm/reports/?first=2026-11-02&last=2026-11-02"
    page = as_role("accountant").get(address).content.decode().replace("\u00a0", " ")
    # The contra account's debit and the personal accounts' credit, its kind, and both totals.
    assert page.count("450,50 ₽") == 5
    assert "Дебет равен кредиту" in page
    empty = as_role("accountant").get("/crm/reports/?first=2026-11-03&last=2026-11-04")
    assert "450,50" not in empty.content.decode()


def test_published_prices_can_only_be_read(as_role: StaffClient) -> None:
    version = people.plan_version()
    client, address = as_role("administrator"), f"/crm/catalogue/tariffs/planversion/{version.pk}"
    page = client.get(f"{address}/change/")
    assert page.status_code == 200
    assert 'name="fee"' not in page.content.decode()
    assert client.post(f"{address}/change/", {"fee": "1"}).status_code == 403
    assert client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    version.refresh_from_db()
    assert version.fee == Decimal("300.00")


def test_a_changed_wording_is_a_new_version(as_role: StaffClient) -> None:
    ensure_templates()
    old = Template.objects.filter(is_current=True).earliest("pk")
    address = f"/crm/catalogue/notifications/template/{old.pk}/change/"
    client = as_role("administrator")
    assert client.post(address, {"subject": "Иначе", "body": "Иначе сказано."}).status_code == 302
    old.refresh_from_db()
    assert not old.is_current
    same = Template.objects.filter(
        event_kind=old.event_kind, channel=old.channel, language=old.language
    )
    new = same.get(is_current=True)
    assert (new.version, new.body) == (old.version + 1, "Иначе сказано.")
    assert client.post(address, {"subject": "x", "body": "x"}).status_code == 403
    assert same.count() == 2


def test_a_new_member_of_staff_gets_role_and_password(as_role: StaffClient) -> None:
    group = staff("agent").groups.get()
    values = {
        "login": "olga",
        "full_name": "Ольга",
        "language": "ru",
        "is_active": "on",
        "groups": [group.pk],
        "password": "Ладожский-лёд-26",
    }
    as_role("administrator").post("/crm/catalogue/accounts/user/add/", values)
    olga = User.objects.get(login="olga")
    assert olga.is_staff
    assert not olga.is_superuser
    assert olga.has_perm("crm.write_note")
    assert olga.check_password("Ладожский-лёд-26")


def test_is_set_up_is_asked_once(as_role: StaffClient) -> None:
    cache.clear()
    client = as_role("agent")
    client.get("/crm/")
    assert cache.get("crm:is_set_up") is True


def test_sums_of_the_night_are_money_and_added_up(as_role: StaffClient) -> None:
    piece(step="price", state="done", piece="1", summary={"charged": {"voice": "117522.00"}})
    piece(step="price", state="done", piece="2", summary={"charged": {"voice": "0.50"}})
    page = as_role("accountant").get("/crm/night/").content.decode().replace("\u00a0", " ")
    assert "117 522,50 ₽" in page
    assert "117522" not in page
