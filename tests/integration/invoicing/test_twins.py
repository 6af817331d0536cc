"""Calendar and proration in SQL give what the plain functions give."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_project.kernel.periods import cycle_of
from invoicing.domain.proration import FeeTerms, prorated_fee

pytestmark = pytest.mark.django_db
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def select(sql: str, values: list[object]) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


@quick
@given(
    day=st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31)),
    cycle_day=st.integers(1, 31),
)
def test_cycles_are_the_kernels(day: date, cycle_day: int) -> None:
    cycle = cycle_of(day, cycle_day=cycle_day)
    assert select(
        "SELECT invoicing_cycle_start(%s, %s), invoicing_cycle_end(%s, %s)",
        [day, cycle_day, day, cycle_day],
    ) == (cycle.start, cycle.end)


@quick
@given(
    fee=st.decimals(min_value=0, max_value=10_000, places=2),
    fee_period=st.sampled_from(["month", "day"]),
    proration=st.sampled_from(["actual", "fixed_30"]),
    days=st.integers(-2, 33),
    cycle_days=st.integers(28, 31),
)
def test_parts_of_a_fee_are_the_domains(fee, fee_period, proration, days, cycle_days) -> None:
    terms = FeeTerms(fee, fee_period, proration)
    expected = prorated_fee(terms, days=days, cycle_days=cycle_days)
    found = select(
        "SELECT invoicing_prorated(%s, %s, %s, %s, %s)",
        [fee, fee_period, proration, days, cycle_days],
    )
    assert found == (expected,)


def test_a_fee_in_thirtieths_never_exceeds_itself() -> None:
    found = select("SELECT invoicing_prorated(%s, 'month', 'fixed_30', 30, 31)", [Decimal(300)])
    assert found == (Decimal(300),)
