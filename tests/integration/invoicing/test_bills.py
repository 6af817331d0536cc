"""Bills: one per closed cycle, everything on it once, numbers without holes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts import queries as accounts_queries
from accounts.domain.kinds import Fund, Kind
from billing_project.kernel.models import BusinessEvent, EventInbox
from invoicing import operations, queries
from invoicing.models import Bill, BilledEntry, BillLine, BillNumber, NumberSeries
from rating.models import PricedUsage
from tariffs.models import Zone
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    make_account,
    make_entity,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def lines(of: Bill) -> list[tuple[str, str, Decimal, Decimal, Decimal]]:
    return [
        (line.kind, line.title_ru, line.net, line.tax, line.gross)
        for line in queries.list_lines(of)
    ]


def use(service, zone: Zone, *, amount: str, day: date, batch: int = 1, key: int = 1) -> None:
    """One priced call; the ledger's entry is posted apart, as rating does."""
    version = service.plan_assignments.get().plan_version
    PricedUsage.objects.create(
        account_id=service.account_id,
        started_at=at(day),
        source_id=1,
        record_key=key,
        batch_id=batch,
        file_id=1,
        subscription_id=service.pk,
        kind=1,
        zone_id=zone.pk,
        band_id=1,
        plan_version_id=version.pk,
        deck_version_id=1,
        quantity=61,
        billed=120,
        amount=Decimal(amount),
    )


def make_zone(code: str, name: str) -> Zone:
    return Zone.objects.create(code=code, name_ru=name, name_en=code, zone_class="local")


def test_a_bill_of_a_month_is_to_the_kopeck() -> None:
    service = connect(make_account(), make_version("310.00"))
    account, germany, home = service.account, make_zone("DE", "Германия"), make_zone("H", "Город")
    charge(JANUARY)
    for key, (zone, amount) in enumerate([(germany, "20.00"), (germany, "10.00"), (home, "3.00")]):
        use(service, zone, amount=amount, day=date(2026, 1, 10), key=key)
    post(account, "-33.00", on=date(2026, 1, 10), kind=Kind.USAGE_VOICE, ref=1)
    pay(account, "200.00", on=date(2026, 1, 12))
    charge(FEBRUARY)
    assert bill(FEBRUARY) == 1
    issued = Bill.objects.get()
    assert lines(issued) == [
        (
            "fee",
            f"Абонентская плата «{service.plan_assignments.get().plan_version.plan.name_ru}», "
            "1–31 января 2026",
            Decimal("254.10"),
            Decimal("55.90"),
            Decimal("310.00"),
        ),
        ("usage", "Звонки: Германия", Decimal("24.59"), Decimal("5.41"), Decimal("30.00")),
        ("usage", "Звонки: Город", Decimal("2.46"), Decimal("0.54"), Decimal("3.00")),
    ]
    assert (issued.opening, issued.net, issued.tax) == (0, Decimal("281.15"), Decimal("61.85"))
    assert (issued.gross, issued.payments, issued.closing) == (343, 200, 143)
    assert (issued.period_start, issued.period_end) == (JANUARY, FEBRUARY)
    assert (issued.issued_on, issued.due_on) == (FEBRUARY, date(2026, 2, 21))
    assert issued.number_text == "2026-0000001"


def test_a_second_run_issues_nothing() -> None:
    connect(make_account(), make_version())
    charge(JANUARY)
    assert [bill(FEBRUARY), bill(FEBRUARY), bill(date(2026, 2, 28))] == [1, 0, 0]
    assert (Bill.objects.count(), NumberSeries.objects.get().last) == (1, 1)


def test_a_cycle_that_has_not_ended_gets_no_bill() -> None:
    connect(make_account(cycle_day=15, opened_on=date(2026, 1, 20)), make_version())
    assert bill(date(2026, 2, 14)) == 0
    assert bill(date(2026, 2, 15)) == 1
    assert Bill.objects.get().period_start == date(2026, 1, 20)


def test_missed_nights_get_a_bill_per_cycle_each_opening_with_the_closing_before() -> None:
    service = connect(make_account(), make_version("100"))
    charge(JANUARY)
    charge(FEBRUARY)
    pay(service.account, "30", on=date(2026, 2, 5))
    charge(MARCH)
    assert bill(date(2026, 3, 2)) == 2
    january, february = Bill.objects.order_by("period_start")
    assert (january.opening, january.closing) == (0, 100)
    assert (february.opening, february.payments, february.closing) == (100, 30, 170)
    assert accounts_queries.get_balance(service.account_id).money == -270


def test_months_without_service_and_entries_get_no_bill() -> None:
    account = make_account()
    assert bill(date(2026, 4, 1)) == 0
    post(account, "-50", on=date(2026, 4, 10))
    assert bill(date(2026, 5, 1)) == 1
    assert Bill.objects.get().period_start == date(2026, 4, 1)


def test_a_live_service_without_charges_gets_its_bill() -> None:
    connect(make_account(), make_version("0"))
    charge(JANUARY)
    assert bill(FEBRUARY) == 1
    issued = Bill.objects.get()
    assert (issued.gross, issued.closing, issued.lines.count()) == (0, 0, 0)


def test_late_entries_go_on_the_next_bill() -> None:
    service = connect(make_account(), make_version("100"))
    charge(JANUARY)
    bill(FEBRUARY)
    post(service.account, "-7", on=date(2026, 1, 31))
    charge(FEBRUARY)
    bill(MARCH)
    latest = Bill.objects.latest("period_start")
    assert (latest.opening, latest.gross, latest.closing) == (100, 107, 207)
    assert BilledEntry.objects.count() == 3


def test_tax_follows_the_day_of_the_charge() -> None:
    account = make_account(cycle_day=15, opened_on=date(2025, 12, 15))
    connect(account, make_version("0"), on=date(2025, 12, 15))
    post(account, "-120", on=date(2025, 12, 31))
    post(account, "-122", on=date(2026, 1, 1))
    bill(date(2026, 1, 15))
    assert [(line.tax_percent, line.tax) for line in BillLine.objects.order_by("position")] == [
        (20, 20),
        (22, 22),
    ]


def test_tax_on_prices_without_it_is_added_and_reaches_the_ledger() -> None:
    version = make_version("1000", tax_included=False)
    service = connect(make_account(company=True), version)
    charge(JANUARY)
    bill(FEBRUARY)
    issued = Bill.objects.get()
    assert (issued.net, issued.tax, issued.gross) == (1000, 220, 1220)
    assert accounts_queries.get_balance(service.account_id).money == -1220
    at_the_end = accounts_queries.balance_as_of(service.account_id, date(2026, 1, 31))
    assert at_the_end[Fund.MONEY] == -1220
    assert issued.closing == 1220
    charge(FEBRUARY)
    bill(MARCH)
    assert Bill.objects.latest("period_start").opening == 1220


def test_adjustments_are_listed_without_tax_and_apart_from_what_was_sold() -> None:
    service = connect(make_account(), make_version("122"))
    charge(JANUARY)
    post(service.account, "22.00", on=date(2026, 1, 20), kind=Kind.ADJUSTMENT)
    bill(FEBRUARY)
    issued = Bill.objects.get()
    assert (issued.gross, issued.tax, issued.adjustments, issued.closing) == (122, 22, 22, 100)
    assert lines(issued)[1] == ("adjustment", "Корректировка", -22, 0, -22)


def test_usage_whose_records_are_gone_is_still_on_the_bill() -> None:
    service = connect(make_account(), make_version("0"))
    post(service.account, "-12.20", on=JANUARY, kind=Kind.USAGE_SMS, ref=99)
    bill(FEBRUARY)
    assert lines(Bill.objects.get()) == [
        ("usage", "Сообщения", 10, Decimal("2.20"), Decimal("12.20"))
    ]


def test_a_fee_given_back_is_a_negative_line() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    operations.terminate_service(subscription_id=service.pk, now=at(date(2026, 1, 10)), actor=ACTOR)
    bill(FEBRUARY)
    issued = Bill.objects.get()
    assert [gross for *_rest, gross in lines(issued)] == [310, -210]
    assert (issued.gross, issued.net + issued.tax) == (100, 100)


def test_numbers_have_no_holes_and_each_legal_entity_its_own() -> None:
    other = make_entity("7801000002")
    version = make_version("10")
    for entity in (None, other, None, other, None):
        connect(make_account(entity=entity), version)
    charge(JANUARY)
    assert bill(FEBRUARY) == 5
    charge(FEBRUARY)
    assert bill(MARCH) == 5
    by_entity = {
        entity: sorted(Bill.objects.filter(legal_entity=entity).values_list("number", flat=True))
        for entity in (make_entity(), other)
    }
    assert by_entity == {make_entity(): [1, 2, 3, 4, 5, 6], other: [1, 2, 3, 4]}
    assert BillNumber.objects.count() == 10


def test_numbers_begin_anew_with_the_year_and_bear_the_prefix() -> None:
    account = make_account(opened_on=date(2025, 12, 1))
    NumberSeries.objects.create(legal_entity=make_entity(), year=2025, prefix="С-", last=0)
    connect(account, make_version("10"), on=date(2025, 12, 1))
    charge(date(2025, 12, 1))
    charge(JANUARY)
    operations.issue_bills(business_date=JANUARY, now=at(JANUARY), actor=ACTOR)
    operations.issue_bills(business_date=FEBRUARY, now=at(FEBRUARY), actor=ACTOR)
    texts = Bill.objects.order_by("period_start").values_list("number_text", flat=True)
    assert list(texts) == ["2026-0000001", "2026-0000002"]
    assert NumberSeries.objects.get(year=2025).last == 0


def test_only_accounts_of_the_range_get_bills() -> None:
    version = make_version("10")
    inside, outside = (connect(make_account(), version) for _ in range(2))
    bill(FEBRUARY, account_from=inside.account_id, account_to=outside.account_id)
    assert Bill.objects.get().account_id == inside.account_id


def test_chunks_come_to_the_same_as_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoicing.operations.bills.ACCOUNTS_AT_ONCE", 2)
    version = make_version("10")
    for _ in range(5):
        connect(make_account(), version)
    charge(JANUARY)
    charge(FEBRUARY)
    assert bill(MARCH) == 10
    assert sorted(Bill.objects.values_list("number", flat=True)) == list(range(1, 11))


def test_each_bill_is_told_once() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    bill(FEBRUARY)
    bill(FEBRUARY)
    event = BusinessEvent.objects.get(kind="bill.issued")
    assert (event.account_id, event.customer_id) == (
        service.account_id,
        service.account.customer_id,
    )
    assert (event.data["gross"], event.data["due_on"]) == ("310.00", "2026-02-21")
    assert EventInbox.objects.filter(event_id=event.pk, consumer="notifications").count() == 1


def test_the_bills_of_a_year_close_with_the_balance() -> None:
    service = connect(make_account(cycle_day=31), make_version("99.99"), on=date(2026, 1, 5))
    for month in range(1, 12):
        on = date(2026, month, 28)
        charge(on)
        pay(service.account, "77.70", on=on)
        bill(on)
    charge(date(2026, 12, 1))
    bill(date(2026, 12, 1))
    billed = BilledEntry.objects.filter(account_id=service.account_id).count()
    latest = Bill.objects.latest("period_start")
    after = sum(
        entry.amount
        for entry in accounts_queries.list_entries(account_id=service.account_id, limit=100)
        if entry.business_date >= latest.period_end
    )
    assert latest.period_end == date(2026, 11, 30)
    assert billed == 22
    assert -latest.closing + after == accounts_queries.get_balance(service.account_id).money


def test_a_bill_never_changes() -> None:
    connect(make_account(), make_version())
    charge(JANUARY)
    bill(FEBRUARY)
    for change in (
        lambda: Bill.objects.update(gross=1, net=1, tax=0, closing=1),
        lambda: BillLine.objects.all().delete(),
        lambda: BilledEntry.objects.all().delete(),
        lambda: BillNumber.objects.update(number=7),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_stranger_finds_no_bill() -> None:
    service = connect(make_account(), make_version())
    bill(FEBRUARY)
    issued = Bill.objects.get()
    assert queries.get_bill(issued.pk, account_ids=[service.account_id]) == issued
    with pytest.raises(Bill.DoesNotExist):
        queries.get_bill(issued.pk, account_ids=[service.account_id + 1])
    with pytest.raises(Bill.DoesNotExist):
        queries.get_bill(issued.pk, account_ids=[])
    assert queries.list_bills(account_id=service.account_id + 1) == []


def test_promised_payments_and_transfers_land_where_they_belong() -> None:
    account = make_account()
    post(account, "-10", on=JANUARY, kind=Kind.PROMISE_PRICE)
    post(account, "-5", on=JANUARY, kind=Kind.TRANSFER_OUT)
    bill(FEBRUARY)
    assert [line[0] for line in lines(Bill.objects.get())] == ["one_off", "adjustment"]
    assert Bill.objects.get().adjustments == -5


def test_a_fee_in_arrears_stands_on_the_bill_of_its_own_cycle() -> None:
    service = connect(make_account(), make_version("310", fee_timing="arrears"))
    assert (charge(FEBRUARY), bill(FEBRUARY)) == (1, 1)
    assert (charge(MARCH), bill(MARCH)) == (1, 1)
    january, february = Bill.objects.filter(account=service.account).order_by("period_start")
    (of_january,), (of_february,) = map(queries.list_lines, (january, february))
    assert of_january.title_ru.endswith("1–31 января 2026")
    assert of_february.title_ru.endswith("1–28 февраля 2026")
    assert (january.closing, february.opening, february.closing) == (310, 310, 620)


def test_a_first_day_that_the_night_charges_stands_on_the_bill_of_its_day() -> None:
    account = make_account()
    connect(account, make_version("310"), on=date(2026, 1, 31))
    assert (charge(FEBRUARY), bill(FEBRUARY)) == (2, 1)
    (january,) = Bill.objects.filter(account=account)
    assert (january.period_start, january.gross) == (JANUARY, Decimal("10.00"))


def test_moved_in_entries_older_than_any_tax_rate_are_billed() -> None:
    account = make_account()
    post(account, "-70.00", on=date(2016, 5, 1), kind=Kind.OPENING)
    pay(account, "50.00", on=date(2017, 5, 1))
    assert bill(FEBRUARY) == 1
    january = Bill.objects.get(account=account)
    assert (january.adjustments, january.payments, january.tax) == (-70, 50, 0)
    assert january.closing == 20
