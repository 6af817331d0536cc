"""The product's core and the plain program agree to the kopeck on whatever is drawn."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings

from rating.domain.allowances import no_counters
from rating.domain.engine import price_columns
from rating.domain.usage import FOREVER, Reason
from tests.oracle.describe import describe_catalogue
from tests.oracle.plain_rating import Description, PlainRating
from tests.oracle.plain_rating import Record as PlainRecord
from tests.unit.rating.operators import (
    Operator,
    Record,
    allowance_calls,
    clock_change_calls,
    columns,
    operators,
    record_lists,
)

THOROUGH = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def describe(operator: Operator) -> Description:
    plain = describe_catalogue(operator.plans, zones=operator.zones, time_zone=operator.time_zone)
    names = ("value", "subscription", "account", "from", "to")
    rows = [dict(zip(names, row, strict=True)) for row in operator.identifiers]
    plain["identifiers"] = [
        {**row, "value": str(row["value"]), "to": open_end(row["to"])} for row in rows
    ]
    plain["history"] = [
        {"subscription": row[0], "plan": row[1], "from": row[2], "to": open_end(row[3])}
        for row in operator.history
    ]
    return Description(plain)


def open_end(at: int) -> int | None:
    return None if at == FOREVER else at


def without_models(operator: Operator) -> Operator:
    """Return the operator with plain prices where a model prices: the plain program knows none."""
    plain = {
        deck.version_id: replace(
            deck, rates=tuple(replace(rate, model_id=None) for rate in deck.rates)
        )
        for plan in operator.plans
        for versions in plan.decks.values()
        for deck in versions
    }
    plans = tuple(
        replace(
            plan,
            decks={
                kind: tuple(plain[deck.version_id] for deck in versions)
                for kind, versions in plan.decks.items()
            },
        )
        for plan in operator.plans
    )
    return replace(operator, plans=plans)


def assert_agree(drawn: Operator, records: list[Record]) -> None:
    operator = without_models(drawn)
    sane = [r for r in records if 0 <= r.quantity < 10**10]
    priced, _ = price_columns(columns(sane), catalogue=operator.compiled(), counters=no_counters())
    rating = PlainRating(describe(operator))
    expected: list[tuple[Any, ...]] = []
    for record in sorted(sane, key=lambda r: (r.at, r.key)):
        answer = rating.price(
            PlainRecord(
                str(record.subscriber), record.at, record.kind.code, record.number, record.quantity
            )
        )
        expected.append(
            (
                answer.refused,
                answer.account,
                answer.zone,
                answer.billed,
                answer.covered,
                int(answer.amount * 100),
            )
        )
    reasons = ["" if reason == 0 else Reason(reason).code for reason in priced.reason.tolist()]
    found = zip(
        reasons,
        priced.account_id.tolist(),
        priced.zone_id.tolist(),
        priced.billed_units.tolist(),
        priced.allowance_used.tolist(),
        priced.amount.tolist(),
        strict=True,
    )
    assert list(found) == expected


@THOROUGH
@given(operators(), record_lists())
def test_any_usage(operator: Operator, records: list[Record]) -> None:
    assert_agree(operator, records)


@THOROUGH
@given(clock_change_calls())
def test_calls_across_clock_changes(drawn: tuple[Operator, list[Record]]) -> None:
    assert_agree(*drawn)


@THOROUGH
@given(allowance_calls())
def test_allowances_that_run_out(drawn: tuple[Operator, list[Record]]) -> None:
    assert_agree(*drawn)
