"""Calendar and proration in SQL give what the plain functions give."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.domain.calendars import Calendar, Rule
from billing_project.kernel.periods import EmptyPeriod, Period, cycle_of
from invoicing.domain.proration import FeeTerms, part_price

DECIMAL_100 = Decimal(100)

pytestmark = pytest.mark.django_db
quick = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PARTS = """
    SELECT invoicing_part_price(fee, fee_period, proration, part_from, part_to,
               invoicing_cycle_start(day, cycle_day, months, phase),
               invoicing_cycle_end(day, cycle_day, months, phase), months),
           invoicing_cycle_start(day, cycle_day, months, phase),
           invoicing_cycle_end(day, cycle_day, months, phase)
      FROM unnest(%s::numeric[], %s::text[], %s::text[], %s::timestamp[], %s::timestamp[],
                  %s::date[], %s::int[], %s::int[], %s::int[]) WITH ORDINALITY
           AS p (fee, fee_period, proration, part_from, part_to, day, cycle_day, months, phase, n)
     ORDER BY n
"""


def select(sql: str, values: list[object]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


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
    ) == [(cycle.start, cycle.end)]


def _random_part(random: Random) -> tuple[FeeTerms, Period, Calendar]:
    terms = FeeTerms(
        random.choice([0, 1, 29_900, random.randrange(1_000_000)]) / DECIMAL_100,
        random.choice(["month", "month", "month", "day"]),
        random.choice(["actual", "fixed_30", "month_30", "seconds"]),
    )
    months = random.choice([1, 2])
    calendar = Calendar((Rule(random.randint(1, 31), months, random.randrange(months)),))
    cycle = calendar.cycle_on(date(2023, 1, 1) + timedelta(days=random.randrange(2000))).whole
    while True:
        start, end = (
            cycle.start
            + timedelta(days=random.choice([0, cycle.days, random.randint(0, cycle.days)]))
            for _ in range(2)
        )
        moved = timedelta(seconds=random.randrange(86_400))
        first = datetime.combine(start, datetime.min.time())
        last = datetime.combine(end, datetime.min.time())
        try:
            if terms.proration == "seconds" and terms.fee_period == "month":
                return terms, Period(first + moved, last), calendar
            return terms, Period(first, last), calendar
        except EmptyPeriod:
            continue


def test_parts_of_a_fee_are_the_domains() -> None:
    random = Random(20260101)
    parts = [_random_part(random) for _ in range(5_000)]
    cycles = [calendar.cycle_on(part.start.date()) for _, part, calendar in parts]
    rules = [calendar.rules[0] for _, _, calendar in parts]
    found = select(
        PARTS,
        [
            [terms.fee for terms, _, _ in parts],
            [terms.fee_period for terms, _, _ in parts],
            [terms.proration for terms, _, _ in parts],
            [part.start for _, part, _ in parts],
            [part.end for _, part, _ in parts],
            [part.start.date() for _, part, _ in parts],
            *([getattr(rule, name) for rule in rules] for name in ("cycle_day", "months", "phase")),
        ],
    )
    expected = [
        (part_price(terms, part, cycle), cycle.whole.start, cycle.whole.end)
        for (terms, part, _), cycle in zip(parts, cycles, strict=True)
    ]
    differing = [pair for pair in zip(parts, found, expected, strict=True) if pair[1] != pair[2]]
    assert not differing[:3]
