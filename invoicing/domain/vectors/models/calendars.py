"""
Cycles, shares and days without an account.
"""

from datetime import timedelta
from itertools import islice
from typing import Any, Final

from billing_project.kernel.periods import Period, add_months
from invoicing.domain.cycles import (
    ANNIVERSARY,
    CycleRule,
    DayRounding,
    Unit,
    billed_day,
    billing_periods,
    calendar_buckets,
)
from invoicing.domain.proration import ACTUAL, Convention, price_of, share_of
from invoicing.domain.vectors.reading import DAY_COUNTS, Case, Fields

#: Plural names of units occur too.
UNITS: Final = {**{unit.value: unit for unit in Unit}, **{f"{unit}s": unit for unit in Unit}}


def _unit(fields: Fields) -> Unit:
    return UNITS[fields.choice("interval", tuple(UNITS))]


def _told(periods: list[Period]) -> dict[str, Any]:
    return {"periods": [[period.start, period.end] for period in periods]}


def boundaries(case: Case) -> dict[str, Any]:
    """Return the first periods of a service."""
    setup = case.setup
    since = setup.day("start")
    rule = CycleRule(
        unit=_unit(setup),
        count=setup.count("interval_count", 1),
        anchor=setup.whole("cycle_day") if "cycle_day" in setup else ANNIVERSARY,
        anchored_on=since,
    )
    return _told(list(islice(billing_periods(rule, since=since), setup.whole("count"))))


def buckets(case: Case) -> dict[str, Any]:
    """Return calendar cycles, cut at the end of a trial (told by its last day)."""
    setup = case.setup
    cut = setup.day("trial_end_inclusive") + timedelta(days=1)
    found = calendar_buckets(
        _unit(setup),
        setup.count("interval_count", 1),
        since=setup.day("start"),
        until=setup.day("until"),
        cut=cut if setup.flag("cut_at_trial_end", default=True) else None,
    )
    return _told(found)


def fraction_table(case: Case) -> dict[str, Any]:
    """Return the share of each row's part in its cycle."""
    scale = case.conventions.whole("factor_scale")
    return {
        "factors": [
            share_of(
                Period(*row.period("start", "end")),
                Period(*row.period("cycle_start", "cycle_end")),
                Convention(row.choice("day_count", DAY_COUNTS, ACTUAL), factor_scale=scale),
            )
            for row in case.setup.parts("rows")
        ]
    }


def day_rounding(case: Case) -> dict[str, Any]:
    """Return what two services cost of which the second joins the first one's cycle."""
    price = case.setup.number("price")
    amounts = []
    for row in case.setup.parts("rows"):
        rounding = DayRounding(row.choice("mode", tuple(DayRounding)))
        first = billed_day(row.instant("first"), rounding)
        cycle = Period(first, add_months(first, 1))
        joined = Period(billed_day(row.instant("second"), rounding), cycle.end)
        amounts.append(
            [
                price_of(price, part, cycle=cycle, convention=case.convention)
                for part in (cycle, joined)
            ]
        )
    return {"amounts": amounts}
