"""Bills drafted, compared with last month, approved, issued; doubtful ones parked and released."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.domain.kinds import Kind
from accounts.models import Account
from billing_project.kernel.models import BusinessEvent
from invoicing import queries
from invoicing.domain.bill_runs import BANDS, band_of
from invoicing.models import Bill, BillingPolicy, BillNumber, BillRun, DraftBill, ParkedBill
from invoicing.operations import bill_runs, parking
from invoicing.operations.bill_runs import Issued, UnableToRunBills
from invoicing.operations.parking import UnableToRelease
from invoicing.queries import bill_runs as run_queries
from rating.models import SuspenseRecord
from tests.checks import broken_promises
from tests.integration.invoicing.household import (
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
from tests.integration.invoicing.suspended import suspend

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
CHIEF = "staff:2"


@pytest.fixture
def reviewed() -> None:
    """Bills of the operator wait for a person if anything is unusual."""
    policy(BillingPolicy.Review.FLAGGED)


def policy(review: str) -> None:
    bill_runs.set_policy(
        legal_entity_id=make_entity().pk, review=review, percent=Decimal(50), money=Decimal(300)
    )


def subscriber(fee: str = "310.00", **changes: object) -> Account:
    account = make_account(**changes)
    connect(account, make_version(fee))
    return account


def drafted(on: date = FEBRUARY) -> BillRun:
    run = bill_runs.start_run(
        legal_entity_id=make_entity().pk, business_date=on, now=at(on), actor=CHIEF
    )
    assert bill_runs.draft_all(now=at(on)) == 1
    return BillRun.objects.get(pk=run.pk)


def approve(run: BillRun, *, accepts_suspense: bool = False) -> BillRun:
    return bill_runs.approve_run(
        run_id=run.pk, accepts_suspense=accepts_suspense, now=at(run.business_date), actor=CHIEF
    )


def issue(run: BillRun) -> Issued:
    return bill_runs.issue(run_id=run.pk, issued_on=run.business_date, now=at(run.business_date))


def night(on: date) -> tuple[int, int, int]:
    """Drafted, approved, issued in the night that ends on the day."""
    count = bill_runs.draft_at_night(
        business_date=on, now=at(on), actor="system:nightly", account_from=0, account_to=2**62
    )
    approved = bill_runs.settle_at_night(now=at(on), actor="system:nightly")
    return count, approved, bill_runs.issue_all(issued_on=on, now=at(on)).bills


def figures(found: Bill | DraftBill) -> tuple[object, ...]:
    names = ("account_id", "period_start", "period_end", "opening", "gross", "tax", "payments")
    return tuple(getattr(found, name) for name in (*names, "adjustments", "closing"))


def bill_twice(account: Account) -> None:
    """The fee of January once more, by a hand that shouldn't."""
    service = account.subscriptions.get()
    version = service.plan_assignments.get().plan_version
    told = {"plan": version.plan.code, "plan_ru": "Т", "plan_en": "T", "plan_version": version.pk}
    days = {"period_start": "2026-01-01", "period_end": "2026-02-01", "days": 31}
    for ref in (901, 902):
        post(
            account,
            "-310.00",
            on=date(2026, 1, 2),
            kind=Kind.FEE,
            ref=ref,
            about=service.pk,
            explanation=told | days,
        )


class TestDrafts:
    def test_a_draft_is_the_bill_that_comes_and_numbers_nothing(self) -> None:
        for amount in ("0", "100.00"):
            account = subscriber()
            charge(JANUARY)
            post(account, "-12.20", on=date(2026, 1, 9))
            if amount != "0":
                pay(account, amount, on=date(2026, 1, 20))
        run = drafted()
        assert (run.state, DraftBill.objects.count(), Bill.objects.count()) == ("draft", 2, 0)
        assert (
            BillNumber.objects.count(),
            BusinessEvent.objects.filter(kind="bill.issued").count(),
        ) == (0, 0)
        approve(run)
        assert issue(run) == Issued(bills=2)
        assert [figures(each) for each in DraftBill.objects.order_by("account_id")] == [
            figures(each) for each in Bill.objects.order_by("account_id")
        ]
        assert list(Bill.objects.order_by("account_id").values_list("number", flat=True)) == [1, 2]
        assert BillRun.objects.get().state == "issued"
        assert broken_promises(queries.invariants()) == []

    def test_a_run_without_closed_cycles_is_cancelled(self) -> None:
        subscriber()
        assert drafted(date(2026, 1, 20)).state == "cancelled"

    def test_one_run_of_a_legal_entity_at_a_time(self) -> None:
        subscriber()
        run = drafted()
        with pytest.raises(UnableToRunBills):
            drafted()
        bill_runs.cancel_run(run_id=run.pk, now=at(FEBRUARY), actor=CHIEF)
        assert drafted().state == "draft"

    def test_killed_while_drafting_it_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("invoicing.operations.bills.ACCOUNTS_AT_ONCE", 1)
        accounts = [subscriber() for _ in range(3)]
        run = bill_runs.start_run(
            legal_entity_id=make_entity().pk, business_date=FEBRUARY, now=at(FEBRUARY), actor=CHIEF
        )
        assert bill_runs.draft(run_id=run.pk, now=at(FEBRUARY), account_to=accounts[2].pk) == 2
        assert bill_runs.draft_all(now=at(FEBRUARY)) == 1
        assert DraftBill.objects.count() == 3

    def test_another_legal_entitys_accounts_are_left_alone(self) -> None:
        subscriber(entity=make_entity("7801000002"))
        mine = subscriber()
        drafted()
        assert DraftBill.objects.get().account == mine


class TestComparison:
    def test_flags_say_what_is_unusual(self) -> None:
        accounts = {
            name: subscriber(fee)
            for name, fee in [
                ("same", "310"),
                ("more", "310"),
                ("less", "900"),
                ("zero", "310"),
                ("minus", "310"),
            ]
        }
        charge(JANUARY)
        bill(FEBRUARY)
        charge(FEBRUARY)
        on = date(2026, 2, 5)
        post(accounts["more"], "-310.01", on=on)
        post(accounts["less"], "500.00", on=on, kind=Kind.COMPENSATION, ref=1)
        post(accounts["zero"], "310.00", on=on, kind=Kind.COMPENSATION, ref=1)
        post(accounts["minus"], "400.00", on=on, kind=Kind.COMPENSATION, ref=1)
        run = drafted(MARCH)
        flags = dict(DraftBill.objects.values_list("account_id", "flags"))
        assert {name: flags[account.pk] for name, account in accounts.items()} == {
            "same": "",
            "more": "change",
            "less": "change",
            "zero": "change,zero",
            "minus": "change,negative",
        }
        totals = run_queries.get_totals(run.pk)
        assert (totals.all.drafts, totals.all.gross, totals.all.former) == (
            5,
            Decimal("1240.01"),
            Decimal(2140),
        )
        assert {flag: row[0] for flag, row in totals.flagged.items()} == {
            "change": 4,
            "zero": 1,
            "negative": 1,
        }
        rows = run_queries.list_outliers(run.pk)
        assert [row.account for row in rows] == [
            accounts[name] for name in ("less", "minus", "more", "zero")
        ]
        assert run_queries.list_outliers(run.pk, flag="zero") == [
            row for row in rows if "zero" in row.flags
        ]

    def test_the_distribution_is_that_of_the_domain(self) -> None:
        amounts = ["-70", "-60", "-50", "-20", "-6", "0", "5", "6", "20", "49", "50", "51", "400"]
        for _ in amounts:
            subscriber("100")
        charge(JANUARY)
        bill(FEBRUARY)
        charge(FEBRUARY)
        for account, amount in zip(Account.objects.order_by("pk"), amounts, strict=True):
            if amount != "0":
                kind = Kind.COMPENSATION if amount.startswith("-") else Kind.ONE_OFF
                post(account, str(-Decimal(amount)), on=date(2026, 2, 5), kind=kind, ref=1)
        subscriber("100", opened_on=FEBRUARY)
        run = drafted(MARCH)
        expected: dict[int, int] = {}
        for row in DraftBill.objects.all():
            band = band_of(row.gross, row.former_gross)
            expected[band] = expected.get(band, 0) + 1
        found = {band.place: band.bills for band in run_queries.get_distribution(run.pk)}
        assert found == expected
        assert set(found) == set(range(len(BANDS) + 2)) - {len(BANDS) + 1} | {len(BANDS) + 1}


class TestIssue:
    def test_a_draft_that_is_not_true_any_more_is_left(self) -> None:
        steady, moved = subscriber(), subscriber()
        charge(JANUARY)
        run = drafted()
        post(moved, "-5.00", on=date(2026, 1, 30))
        approve(run)
        assert issue(run) == Issued(bills=1, left=1)
        assert Bill.objects.get().account == steady
        assert issue(run) == Issued()
        again = drafted()
        approve(again)
        assert issue(again) == Issued(bills=1)
        assert sorted(Bill.objects.values_list("number", flat=True)) == [1, 2]
        assert broken_promises(queries.invariants()) == []

    def test_only_an_approved_run_is_issued_and_only_a_draft_is_approved(self) -> None:
        subscriber()
        run = drafted()
        assert issue(run) == Issued()
        approve(run)
        for act in (
            lambda: approve(run),
            lambda: bill_runs.cancel_run(run_id=run.pk, now=at(FEBRUARY), actor=CHIEF),
        ):
            with pytest.raises(UnableToRunBills):
                act()
        assert issue(run) == Issued(bills=1)

    def test_killed_while_issuing_it_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("invoicing.operations.bills.ACCOUNTS_AT_ONCE", 1)
        accounts = [subscriber() for _ in range(3)]
        run = approve(drafted())
        bill_runs.issue(
            run_id=run.pk, issued_on=FEBRUARY, now=at(FEBRUARY), account_to=accounts[1].pk
        )
        assert BillRun.objects.get().state == "approved"
        assert bill_runs.issue_all(issued_on=FEBRUARY, now=at(FEBRUARY)) == Issued(bills=2)
        assert sorted(Bill.objects.values_list("number", flat=True)) == [1, 2, 3]


class TestSuspense:
    def test_a_run_over_an_open_suspense_is_for_a_person_to_decide(self) -> None:
        subscriber()
        suspend(3)
        run = drafted()
        assert run.suspense_records == 3
        with pytest.raises(UnableToRunBills, match="3"):
            approve(run)
        assert BillRun.objects.get().state == "draft"
        approve(run, accepts_suspense=True)
        assert issue(run) == Issued(bills=1)
        assert SuspenseRecord.objects.count() == 3


class TestParked:
    def test_a_bill_that_charges_a_fee_twice_is_parked_rather_than_issued(self) -> None:
        account, sound = subscriber(), subscriber()
        bill_twice(account)
        assert bill(FEBRUARY) == 1
        assert Bill.objects.get().account == sound
        parked = ParkedBill.objects.get()
        assert (parked.account, parked.gross) == (account, Decimal("620.00"))
        assert parked.reasons[0]["first"] == "2026-01-01"
        assert bill(FEBRUARY) == 0
        assert broken_promises(queries.invariants()) == []

    def test_released_it_is_billed_as_it_is_and_only_that_cycle(self) -> None:
        account = subscriber()
        bill_twice(account)
        bill(FEBRUARY)
        parked = ParkedBill.objects.get()
        with pytest.raises(UnableToRelease):
            parking.release(parked_id=parked.pk, reason=" ", now=at(FEBRUARY), actor=CHIEF)
        parking.release(parked_id=parked.pk, reason="Две линии", now=at(FEBRUARY), actor=CHIEF)
        assert bill(FEBRUARY) == 1
        assert Bill.objects.get().gross == 620
        with pytest.raises(UnableToRelease):
            parking.release(parked_id=parked.pk, reason="x", now=at(FEBRUARY), actor=CHIEF)

    def test_put_right_meanwhile_it_is_billed_so(self) -> None:
        account = subscriber()
        bill_twice(account)
        bill(FEBRUARY)
        post(account, "310.00", on=date(2026, 1, 3), kind=Kind.ADJUSTMENT)
        parking.release(
            parked_id=ParkedBill.objects.get().pk,
            reason="Возвращено",
            now=at(FEBRUARY),
            actor=CHIEF,
        )
        assert bill(FEBRUARY) == 1
        assert Bill.objects.get().closing == 310

    def test_a_draft_run_parks_it_too(self) -> None:
        account, sound = subscriber(), subscriber()
        bill_twice(account)
        run = approve(drafted())
        states = dict(DraftBill.objects.values_list("account_id", "state"))
        assert states == {account.pk: "parked", sound.pk: "draft"}
        assert issue(run) == Issued(bills=1)

    def test_days_given_back_are_not_billed_twice(self) -> None:
        account = subscriber()
        bill_twice(account)
        service = account.subscriptions.get()
        version = service.plan_assignments.get().plan_version
        told = {
            "plan": version.plan.code,
            "plan_ru": "Т",
            "plan_en": "T",
            "plan_version": version.pk,
        }
        days = {"period_start": "2026-01-01", "period_end": "2026-02-01", "days": 31}
        post(
            account,
            "310.00",
            on=date(2026, 1, 3),
            kind=Kind.FEE_CREDIT,
            about=service.pk,
            explanation=told | days,
        )
        assert bill(FEBRUARY) == 1
        assert ParkedBill.objects.count() == 0


@pytest.mark.usefixtures("reviewed")
class TestNight:
    def test_bills_go_out_by_themselves_when_nothing_is_unusual(self) -> None:
        subscriber()
        assert bill(FEBRUARY) == 0
        assert night(FEBRUARY) == (1, 1, 1)
        assert night(FEBRUARY) == (0, 0, 0)
        assert BillRun.objects.get().decided_by == "system:nightly"

    @pytest.mark.parametrize("unusual", ["parked", "negative", "suspense", "always"])
    def test_they_wait_for_a_person_when_something_is(self, unusual: str) -> None:
        account = subscriber()
        if unusual == "parked":
            bill_twice(account)
        elif unusual == "negative":
            post(account, "9.00", on=date(2026, 1, 5), kind=Kind.COMPENSATION, ref=1)
        elif unusual == "suspense":
            suspend(1)
        else:
            policy(BillingPolicy.Review.ALWAYS)
        assert night(FEBRUARY) == (1, 0, 0)
        assert (BillRun.objects.get().state, Bill.objects.count()) == ("draft", 0)
        assert night(date(2026, 2, 2)) == (0, 0, 0)

    def test_other_legal_entities_are_billed_as_ever(self) -> None:
        other = make_entity("7801000002")
        subscriber(entity=other)
        subscriber()
        assert bill(FEBRUARY) == 1
        assert Bill.objects.get().legal_entity == other

    def test_a_cancelled_run_is_not_begun_again_the_same_night(self) -> None:
        post(subscriber(), "9.00", on=date(2026, 1, 5), kind=Kind.COMPENSATION, ref=1)
        night(FEBRUARY)
        bill_runs.cancel_run(run_id=BillRun.objects.get().pk, now=at(FEBRUARY), actor=CHIEF)
        assert night(FEBRUARY) == (0, 0, 0)
        assert night(date(2026, 2, 2)) == (1, 0, 0)
