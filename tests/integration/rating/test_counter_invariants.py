"""
Promises about counters and withdrawn records, over usage that has them: monthly prices, shared
minutes, units carried over, corrections. Kept by honest nights, broken by each planted change.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

import pytest
from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import Subscription
from billing_project.kernel.invariants import find_violations
from rating import queries
from rating.domain.counters import Meter
from rating.models import AllowanceCarry, AllowanceUse, PricedUsage, RunningTotal, UsageCorrection
from rating.operations.limits import carry_over
from tariffs.models import Allowance, PriceModel, Rate
from tests.checks import broken_promises
from tests.integration.rating.night import Night
from tests.integration.rating.test_order import load, sms
from tests.integration.rating.test_order_of_offers import drawn, family
from tests.integration.rating.test_order_of_offers import load as load_drawn

pytestmark = pytest.mark.django_db
__all__ = ["family"]

COUNTED: Final = "rating: running totals are those of the records"
CARRIED: Final = "rating: what is carried over was left of the period before"
WITHDRAWN: Final = "rating: a withdrawn record is charged no more"


def broken() -> list[str]:
    return broken_promises(queries.invariants())


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def unprotect(table: str) -> None:
    """Let what is published be changed until the end of the test."""
    run(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} DISABLE TRIGGER USER")


class TestRunningTotals:
    @pytest.fixture(autouse=True)
    def _weeks(self, night: Night, family: list[Subscription]) -> None:
        """Three weeks over the end of a month, some of it late: priced again."""
        records = drawn(7)
        load_drawn(night, records[::2])
        load_drawn(night, records[1::2])
        assert PricedUsage.objects.filter(revision__gt=0).exists()

    def test_honest_nights_keep_it(self) -> None:
        assert set(RunningTotal.objects.values_list("meter", flat=True)) == set(Meter)
        assert RunningTotal.objects.values("period").distinct().count() > 1
        assert broken() == []

    @pytest.mark.parametrize("meter", Meter)
    @pytest.mark.parametrize(
        ("violate", "found"),
        [
            (lambda rows: rows.update(quantity=F("quantity") + 1), 1),
            (lambda rows: rows.delete(), 1),
            # Another month's, another service's: what is missing here is too much there.
            (lambda rows: rows.update(period=20270101), 2),
            (lambda rows: rows.update(subscription_id=1), 2),
            (lambda rows: rows.update(number=F("number") + 100), 2),
        ],
        ids=["more", "lost", "other month", "other service", "other model"],
    )
    def test_a_total_that_is_not_that_of_the_rows_is_found(
        self, meter: Meter, violate: Callable[..., object], found: int
    ) -> None:
        one = RunningTotal.objects.filter(meter=meter, quantity__gt=0).order_by("pk")[0]
        violate(RunningTotal.objects.filter(pk=one.pk))
        assert broken() == [COUNTED]
        [promise] = [item for item in queries.invariants() if item.name == COUNTED]
        assert len(find_violations(promise)) == found

    @pytest.mark.parametrize("level", ["everything else", "its class", "its own"])
    def test_a_row_is_counted_by_the_rate_that_priced_it(self, level: str) -> None:
        """Rates move to another level; as long as the same ones count, all is well."""
        rates = Rate.objects.filter(model__is_monthly=True)
        row = PricedUsage.objects.filter(deck_version_id=rates.get().deck_version_id)[0]
        zone_class = {"its class": "long_distance"}.get(level, "")
        zone_id = row.zone_id if level == "its own" else None
        unprotect("tariffs_rate")
        rates.update(zone_class=zone_class, zone_id=zone_id)
        assert broken() == []
        rates.update(zone_class="international", zone_id=None)
        assert broken() == [COUNTED]

    @pytest.mark.parametrize("level", [{"zone_class": "long_distance"}, {"zone": True}])
    def test_a_rate_for_everything_else_does_not_count_what_has_one_of_its_own(
        self, level: dict[str, object]
    ) -> None:
        rate = Rate.objects.get(model__is_monthly=True)
        row = PricedUsage.objects.filter(deck_version_id=rate.deck_version_id)[0]
        unprotect("tariffs_rate")
        rate.pk, rate.model = None, None
        rate.zone_class = str(level.get("zone_class", ""))
        rate.zone_id = row.zone_id if "zone" in level else None
        rate.save()
        assert broken() == [COUNTED]

    def test_records_priced_on_their_own_are_not_counted(self) -> None:
        unprotect("tariffs_pricemodel")
        PriceModel.objects.update(is_monthly=False)
        RunningTotal.objects.filter(meter=Meter.MODEL).delete()
        assert broken() == []


class TestCarried:
    @pytest.fixture(autouse=True)
    def _month(self, night: Night, family: list[Subscription]) -> None:
        """October is used and what is left of it carried on; so is November."""
        load_drawn(night, drawn(8))
        unprotect("tariffs_allowance")
        Allowance.objects.filter(recurrence="month", is_money=False).update(rollover="last")
        for last in (date(2026, 10, 31), date(2026, 11, 30)):
            carry_over(business_date=last, now=datetime(2026, 12, 1, tzinfo=UTC))

    def test_honest_months_keep_it(self) -> None:
        assert AllowanceCarry.objects.filter(from_period=20261101).exists()
        assert AllowanceUse.objects.filter(carried__lt=0).exists()
        assert broken() == []

    @pytest.mark.parametrize(
        ("violate", "found"),
        [
            (lambda fact: AllowanceCarry.objects.filter(pk=fact.pk).delete(), 2),
            (lambda fact: AllowanceCarry.objects.filter(pk=fact.pk).update(units=1), 2),
            (lambda fact: received(fact).update(carried=F("carried") + 1), 1),
            (lambda fact: received(fact).delete(), 1),
        ],
        ids=["no fact", "another fact", "carried twice", "lost"],
    )
    def test_units_that_are_not_those_of_the_facts_are_found(
        self, violate: Callable[[AllowanceCarry], object], found: int
    ) -> None:
        violate(AllowanceCarry.objects.filter(to_period=20261201, units__gt=1)[0])
        assert broken() == [CARRIED]
        [promise] = [item for item in queries.invariants() if item.name == CARRIED]
        assert len(find_violations(promise)) == found


def received(fact: AllowanceCarry) -> QuerySet[AllowanceUse]:
    """The counter that got the units."""
    return AllowanceUse.objects.filter(
        subscription_id=fact.subscription_id,
        allowance_id=fact.allowance_id,
        period=fact.to_period,
    )


class TestWithdrawn:
    @pytest.fixture(autouse=True)
    def _night(self, night: Night, operator: object) -> None:
        """One is withdrawn, one before it came, one came back, one was never withdrawn."""
        load(night, sms("gone"), sms("back"), sms("kept", quantity=3), sms("moved"))
        load(night, sms("early", quantity=0, correction="1"))
        load(night, sms("moved", "13:00:00", who=1, correction="1"), sms("early"))
        load(night, *(sms(key, quantity=0, correction="2") for key in ("gone", "back", "moved")))
        load(
            night, sms("back", quantity=2, correction="3"), sms("kept", quantity=4, correction="1")
        )

    def test_honest_nights_keep_it(self) -> None:
        assert UsageCorrection.objects.filter(is_withdrawn=True).count() == 4
        assert broken() == []

    @pytest.mark.parametrize(
        ("revision", "quantity", "amount", "later"),
        [
            (0, 1, "2.50", "0 s"),
            (0, 0, "0", "0 s"),
            (1, 0, "0.01", "0 s"),
            (0, 1, "2.50", "30 days"),
        ],
        ids=["priced", "priced at nothing", "a sum is left", "in another month"],
    )
    def test_what_is_left_of_a_withdrawn_record_is_found(
        self, revision: int, quantity: int, amount: str, later: str
    ) -> None:
        run(f"""
            INSERT INTO rating_pricedusage (account_id, started_at, record_key, batch_id, file_id,
                subscription_id, other_number, quantity, billed, allowance_used, band_id,
                plan_version_id, deck_version_id, allowance_id, source_id, revision, kind, zone_id,
                amount)
            SELECT c.account_id, c.started_at + interval '{later}', c.record_key, 1, 1, 1, 0,
                   {quantity}, 1, 0, 1, 1, 1, 0, c.source_id, {revision}, 2, 1, {amount}
              FROM rating_usagecorrection c WHERE c.is_withdrawn AND c.revision = -1
        """)
        assert WITHDRAWN in broken()

    def test_units_that_were_not_given_back_are_found(self) -> None:
        run("""
            INSERT INTO rating_usagecover (account_id, started_at, source_id, record_key, revision,
                subscription_id, owner_id, allowance_id, owner_account_id, period, batch_id, used)
            SELECT account_id, started_at, source_id, record_key, 0, 1, 1, 1, 1, 20261101, 1, 60
              FROM rating_usagecorrection WHERE is_withdrawn AND revision = -1
        """)
        assert WITHDRAWN in broken()
