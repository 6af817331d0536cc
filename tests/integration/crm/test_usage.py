"""The screens of suspense and usage: who may, what they show, what they do, how many queries."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bench.world import Operator
from rating import operations
from rating.models import (
    PricedUsage,
    SuspenseAlarm,
    SuspenseRecord,
    SuspenseRun,
    UsageFile,
    UsageSource,
)
from tests import people
from tests.integration.crm.conftest import StaffClient, staff
from tests.integration.rating.conftest import (  # noqa: F401 - fixtures
    _archive,
    night,
    operator,
)
from tests.integration.rating.night import Night, call

pytestmark = pytest.mark.django_db

ABROAD = {"dst": "81012125550101"}
PAGES = [
    "/crm/suspense/",
    "/crm/suspense/try/",
    "/crm/suspense/correct/",
    "/crm/suspense/recycle/",
    "/crm/suspense/write-off/",
    "/crm/suspense/work/",
    "/crm/suspense/export/",
    "/crm/usage/",
    "/crm/usage-files/",
]
LINE = (
    '"","79215550101","78121234567","default","","SIP/1","SIP/2","Dial","",'
    '"2026-11-{day} 10:00:00","2026-11-{day} 10:00:05","2026-11-{day} 10:02:05",'
    '125,120,"ANSWERED","DOCUMENTATION","1.{day}",""'
)


@pytest.fixture
def suspended(tmp_path: Path, settings: Any) -> SuspenseRecord:
    """A call with an impossible day, in a file of an Asterisk."""
    settings.ARCHIVE_DIR = tmp_path
    raw = LINE.format(day="41")
    (tmp_path / "Master.csv").write_text(raw + "\n")
    source = UsageSource.objects.create(code="asterisk", name="Asterisk", format="asterisk")
    file = UsageFile.objects.create(
        source=source,
        name="Master.csv",
        sha256="0" * 64,
        size=len(raw),
        archive_path="Master.csv",
        received_at=people.NOON,
        state="priced",
        records=1,
        suspended=1,
    )
    return SuspenseRecord.objects.create(
        file=file, line=1, reason="bad_time", raw=raw, suspended_at=people.NOON
    )


def test_suspense_is_listed_by_reason(as_role: StaffClient, suspended: SuspenseRecord) -> None:
    client = as_role("accountant")
    page = client.get("/crm/suspense/", {"reason": "bad_time"}).content.decode()
    assert "неверное время" in page
    assert "Master.csv" in page
    assert "Master.csv" not in client.get("/crm/suspense/?reason=no_rate").content.decode()
    assert "Master.csv" in client.get("/crm/usage-files/").content.decode()


def test_a_record_still_wrong_waits_on(as_role: StaffClient, suspended: SuspenseRecord) -> None:
    address = f"/crm/suspense/{suspended.pk}/recycle/"
    answer = as_role("accountant").post(address, {"corrected": LINE.format(day="02")})
    assert answer.status_code == 302
    suspended.refresh_from_db()
    assert (suspended.state, suspended.reason) == ("waiting", "unknown_subscriber")


def test_a_record_is_written_off_with_a_reason(
    as_role: StaffClient, suspended: SuspenseRecord
) -> None:
    client, address = as_role("accountant"), f"/crm/suspense/{suspended.pk}/write-off/"
    assert send(client, address, reason="").status_code == 200
    send(client, address, reason="испытание коммутатора")
    suspended.refresh_from_db()
    assert (suspended.state, suspended.closed_by) == ("written_off", staff("accountant").actor)
    assert send(client, address, reason="снова").context["form"].non_field_errors()


def test_a_correction_can_be_taken_back(as_role: StaffClient, suspended: SuspenseRecord) -> None:
    client, address = as_role("accountant"), f"/crm/suspense/{suspended.pk}/recycle/"
    client.post(address, {"corrected": LINE.format(day="02")})
    client.post(address, {"corrected": suspended.raw})
    suspended.refresh_from_db()
    assert (suspended.corrected, suspended.reason) == (suspended.raw, "bad_time")


@pytest.fixture
def broken(night: Night) -> list[SuspenseRecord]:  # noqa: F811
    """A good call and three that wait: two without a subscriber, one without a duration."""
    night.load(
        call(id="good", **ABROAD),
        call(id="a", src="79980000000"),
        call(id="b", src="79990000000"),
        call(id="c", seconds="-1"),
    )
    operations.summarise_batches(now=timezone.now())
    return list(SuspenseRecord.objects.order_by("line"))


def text_of(client: Client, address: str, **values: Any) -> str:
    answer = client.get(address, values)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode().replace("\u00a0", " "))


def request_id(client: Client, address: str) -> str:
    found = re.search(r'name="request_id" value="(\w+)"', client.get(address).content.decode())
    assert found is not None
    return found[1]


def send(client: Client, address: str, **values: str) -> Any:
    return client.post(address, {"request_id": request_id(client, address), **values})


@pytest.mark.parametrize("address", PAGES)
def test_who_may_not_is_refused(as_role: StaffClient, address: str) -> None:
    assert as_role("cashier").get(address).status_code == 403
    assert as_role("accountant").get(address).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense&reason=x&source=99&day=2026-13-01&file=abc&after=zz",
        "day=0001-01-01",
        "day=9999-12-31",
        "text=%20&file=99999999999999999999999",
        "text=%25_'\"&source=",
    ],
)
def test_nonsense_filters_are_left_out(
    as_role: StaffClient, broken: list[SuspenseRecord], query: str
) -> None:
    client = as_role("accountant")
    for address in ("/crm/suspense/", "/crm/suspense/export/", "/crm/suspense/try/"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 200
        assert answer.getvalue()


def test_the_overview_counts_shares_and_estimates(
    as_role: StaffClient, broken: list[SuspenseRecord]
) -> None:
    page = text_of(as_role("accountant"), "/crm/suspense/")
    # Four records came; the one that was priced cost 21.49, so each that waits may too.
    assert "25 %" in page
    assert "50 %" in page
    assert "42,98 ₽" in page
    assert "64,47 ₽" in page


def test_the_list_costs_the_same_however_much_waits(
    as_role: StaffClient,
    night: Night,  # noqa: F811
    django_assert_max_num_queries: Any,
) -> None:
    night.load(*(call(id=str(place), seconds="x") for place in range(60)))
    client = as_role("accountant")
    client.get("/crm/suspense/")
    with django_assert_max_num_queries(22):
        page = text_of(client, "/crm/suspense/")
    assert page.count("/crm/suspense/") > 50
    after = SuspenseRecord.objects.order_by("pk")[49].pk
    assert f"after={after}" in page
    rest = client.get("/crm/suspense/", {"after": after})
    assert len(rest.context["records"]) == 10
    assert rest.context["next"] is None


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ({"reason": "unknown_subscriber"}, [2, 3]),
        ({"text": "+7 (999) 000-00-00"}, [3]),
        ({"text": '"b",""'}, [3]),
        ({"text": "nowhere"}, []),
        ({"day": "2026-11-21"}, [2, 3, 4]),
        ({"day": "2026-11-20"}, []),
        ({"state": "recycled"}, []),
        ({}, [2, 3, 4]),
    ],
)
def test_filters(
    as_role: StaffClient, broken: list[SuspenseRecord], query: dict[str, str], lines: list[int]
) -> None:
    records = as_role("accountant").get("/crm/suspense/", query).context["records"]
    assert sorted(record.line for record in records) == lines


def test_a_file_is_filtered_by_its_number(
    as_role: StaffClient,
    broken: list[SuspenseRecord],
    night: Night,  # noqa: F811
) -> None:
    night.load(call(id="d", seconds="-1"))
    file = UsageFile.objects.latest("pk")
    found = as_role("accountant").get("/crm/suspense/", {"file": file.pk, "source": file.source_id})
    assert [record.file_id for record in found.context["records"]] == [file.pk]
    assert file.name in found.content.decode()


def test_the_selection_is_exported(as_role: StaffClient, broken: list[SuspenseRecord]) -> None:
    SuspenseRecord.objects.filter(line=2).update(raw="=HYPERLINK(1),x")
    answer = as_role("accountant").get("/crm/suspense/export/", {"reason": "bad_subscriber"})
    header, *lines = answer.getvalue().decode().split("\r\n")
    assert header.startswith("\ufeffid,state,reason")
    assert lines == [""]
    answer = as_role("accountant").get("/crm/suspense/export/")
    _header, *lines, _end = answer.getvalue().decode().split("\r\n")
    assert len(lines) == 3
    assert sum('"\'=HYPERLINK(1),x"' in line for line in lines) == 1
    assert {line.split(",")[1] for line in lines} == {"ожидает"}


def test_trying_writes_nothing(as_role: StaffClient, broken: list[SuspenseRecord]) -> None:
    SuspenseRecord.objects.filter(line=4).update(corrected=call(id="c", **ABROAD))
    client = as_role("accountant")
    page = text_of(client, "/crm/suspense/try/")
    assert "21,49 ₽" in page
    assert "абонент" in page
    assert "21,49 ₽" in text_of(client, f"/crm/suspense/{broken[2].pk}/try/")
    assert PricedUsage.objects.count() == 1
    assert SuspenseRecord.objects.filter(state="waiting").count() == 3


def test_a_rule_is_looked_at_then_applied_then_undone(
    as_role: StaffClient, broken: list[SuspenseRecord]
) -> None:
    client, address = as_role("accountant"), "/crm/suspense/correct/?text=9990000000"
    rule = {"action": "set", "column": "src", "pattern": "", "value": "79210000001", "note": "AON"}
    looked = send(client, address, **rule, look="")
    assert [each.wrong for each in looked.context["preview"]] == [""]
    assert "<ins" in looked.content.decode()
    assert not SuspenseRun.objects.exists()
    applied = send(client, address, **rule, apply="")
    run = SuspenseRun.objects.get()
    assert applied.headers["location"] == f"/crm/suspense/work/{run.pk}/"
    assert SuspenseRecord.objects.get(line=3).corrected == call(id="b", src="79210000001")
    assert SuspenseRecord.objects.get(line=2).corrected == ""
    page = text_of(client, f"/crm/suspense/work/{run.pk}/")
    assert "исправлено" in page
    assert "79210000001" in page
    client.post(f"/crm/suspense/work/{run.pk}/undo/", {"reason": "ошибка"})
    assert SuspenseRecord.objects.get(line=3).corrected == ""
    assert SuspenseRun.objects.get().state == "undone"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"action": "replace", "pattern": "(", "value": "x"}, "pattern"),
        ({"action": "replace", "pattern": "", "value": "x"}, "pattern"),
        ({"action": "set", "column": "", "value": "x"}, "column"),
        ({"action": "set", "column": "nosuch", "value": "x"}, "column"),
        ({"action": "prefix", "column": "src", "value": ""}, "value"),
        ({"action": "drop", "column": "src"}, "action"),
    ],
)
def test_a_wrong_rule_is_told_at_its_field(
    as_role: StaffClient, broken: list[SuspenseRecord], rule: dict[str, str], field: str
) -> None:
    answer = send(as_role("accountant"), "/crm/suspense/correct/", **rule, note="x", look="")
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["preview"] == []


def test_a_correction_without_a_note_is_not_applied(
    as_role: StaffClient, broken: list[SuspenseRecord]
) -> None:
    rule = {"action": "set", "column": "src", "value": "79210000001", "apply": ""}
    answer = send(as_role("accountant"), "/crm/suspense/correct/", **rule)
    assert answer.context["form"].non_field_errors()
    assert not SuspenseRun.objects.exists()


def test_the_selection_is_priced_again(
    as_role: StaffClient,
    broken: list[SuspenseRecord],
    operator: Operator,  # noqa: F811
) -> None:
    SuspenseRecord.objects.filter(line=4).update(corrected=call(id="c", **ABROAD))
    client = as_role("accountant")
    answer = send(client, "/crm/suspense/recycle/?reason=bad_duration")
    run = SuspenseRun.objects.get()
    assert answer.headers["location"] == f"/crm/suspense/work/{run.pk}/"
    assert (run.state, run.outcome) == ("done", {"priced": 1})
    assert PricedUsage.objects.count() == 2
    assert "тарифицировано" in text_of(client, f"/crm/suspense/work/{run.pk}/")


def test_a_double_click_is_one_order(as_role: StaffClient, broken: list[SuspenseRecord]) -> None:
    client, address = as_role("accountant"), "/crm/suspense/write-off/?reason=bad_duration"
    values = {"request_id": request_id(client, address), "reason": "тест"}
    first, second = client.post(address, values), client.post(address, values)
    assert first.headers["location"] == second.headers["location"]
    assert SuspenseRun.objects.count() == 1


def ask_for_all(client: Client, monkeypatch: pytest.MonkeyPatch) -> SuspenseRun:
    from crm.domain import roles

    monkeypatch.setitem(roles.WRITE_OFF_LIMITS, roles.ACCOUNTANT, (3_000, 2))
    send(client, "/crm/suspense/write-off/", reason="испытания")
    return SuspenseRun.objects.get()


def test_above_the_limit_a_second_person_approves(
    as_role: StaffClient, broken: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("accountant")
    run = ask_for_all(client, monkeypatch)
    assert run.state == "asked"
    assert SuspenseRecord.objects.filter(state="waiting").count() == 3
    address = f"/crm/suspense/work/{run.pk}/"
    own = client.post(f"{address}approve/")
    assert own.context["form"].non_field_errors()
    second = as_role("administrator")
    assert f"{address}approve/" in text_of(second, address)
    assert f"{address}approve/" not in text_of(client, address)
    assert address in text_of(second, "/crm/approvals/")
    second.post(f"{address}approve/")
    assert SuspenseRecord.objects.filter(state="written_off").count() == 3
    assert second.post(f"{address}approve/").status_code == 404


def test_refused_the_records_wait_on(
    as_role: StaffClient, broken: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask_for_all(as_role("accountant"), monkeypatch)
    as_role("administrator").post(f"/crm/suspense/work/{run.pk}/refuse/")
    run.refresh_from_db()
    assert run.state == "refused"
    assert SuspenseRecord.objects.filter(state="waiting").count() == 3


def test_a_record_given_up_is_taken_back(as_role: StaffClient, suspended: SuspenseRecord) -> None:
    client = as_role("accountant")
    send(client, f"/crm/suspense/{suspended.pk}/write-off/", reason="ошибка стенда")
    address = f"/crm/suspense/{suspended.pk}/take-back/"
    assert address in text_of(client, f"/crm/suspense/{suspended.pk}/")
    client.post(address, {"reason": "нашёлся абонент"})
    suspended.refresh_from_db()
    assert (suspended.state, suspended.closed_by, suspended.closed_at) == ("waiting", "", None)
    page = text_of(client, f"/crm/suspense/{suspended.pk}/")
    assert "нашёлся абонент" in page
    assert "ошибка стенда" in page
    assert as_role("agent").post(address, {"reason": "x"}).status_code == 403


def test_an_alarm_is_shown_until_somebody_looks_after_it(
    as_role: StaffClient, suspended: SuspenseRecord
) -> None:
    alarm = SuspenseAlarm.objects.create(
        business_date=people.TODAY,
        source=UsageSource.objects.get(),
        reason="bad_time",
        suspended=40,
        records=1000,
        share=Decimal("0.04"),
        usual_share=Decimal("0.0033"),
        raised_at=people.NOON,
    )
    client = as_role("accountant")
    page = text_of(client, "/crm/suspense/")
    assert "4 %" in page
    assert "0,33 %" in page
    assert "/crm/suspense/" in text_of(client, "/crm/")
    client.post(f"/crm/suspense/alarms/{alarm.pk}/seen/")
    alarm.refresh_from_db()
    assert alarm.seen_by == staff("accountant").actor
    assert "0,33 %" not in text_of(client, "/crm/suspense/")


def test_usage_of_a_day(
    as_role: StaffClient, broken: list[SuspenseRecord], django_assert_max_num_queries: Any
) -> None:
    client = as_role("accountant")
    client.get("/crm/usage/")
    with django_assert_max_num_queries(14):
        page = text_of(client, "/crm/usage/", length="day", on="2026-11-20")
    assert "21,49 ₽" in page
    assert "10:00" in page
    assert page.count("<rect") >= 4
    assert "21,49 ₽" not in text_of(client, "/crm/usage/", length="day", on="2026-11-19")


@pytest.mark.parametrize("length", ["day", "week", "month", "year"])
@pytest.mark.parametrize("on", ["2026-11-20", "0001-01-01", "9999-12-31", "soon", ""])
def test_any_period_can_be_asked_for(as_role: StaffClient, length: str, on: str) -> None:
    assert "<h1" in text_of(as_role("accountant"), "/crm/usage/", length=length, on=on)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_both_languages(as_role: StaffClient, broken: list[SuspenseRecord], language: str) -> None:
    client = as_role("accountant")
    client.post("/i18n/setlang/", {"language": language})
    for address in PAGES[:3]:
        assert client.get(address).status_code == 200
