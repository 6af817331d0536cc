"""Whatever way requests come, online charging ends with the books that the files would make."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from bench.world import FIRST_NUMBER, Operator
from rating.models import AllowanceUse, PricedUsage
from rating.operations import charging
from tariffs.domain.deck import UsageKind
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import (
    COUNTRY,
    DATA,
    HELP,
    HOME,
    SMS,
    USA,
    VOICE,
    Switch,
)
from tests.integration.rating.night import Night

pytestmark = pytest.mark.django_db
ROW = ("record_key", "quantity", "billed", "amount", "zone_id", "band_id", "allowance_id")


@dataclass(frozen=True)
class Call:
    """A call with the reports that were sent on its way, and how often each request came."""

    kind: UsageKind
    number: str
    reports: tuple[int, ...]
    used: int
    repeats: tuple[int, ...]
    gap: int


@st.composite
def calls(draw: Any) -> Call:
    kind = draw(st.sampled_from([VOICE, VOICE, VOICE, SMS, DATA]))
    longest = {VOICE: 4000, SMS: 4, DATA: 300 * 2**20}[kind]
    lengths = sorted(draw(st.lists(st.integers(1, longest), min_size=1, max_size=4)))
    return Call(
        kind=kind,
        number=draw(st.sampled_from([HOME, COUNTRY, USA, HELP])) if kind is not DATA else "",
        reports=tuple(lengths[:-1]),
        used=lengths[-1],
        repeats=tuple(draw(st.lists(st.integers(0, 2), min_size=5, max_size=5))),
        gap=draw(st.integers(4001, 30_000)),
    )


def online(switch: Switch, made: list[Call]) -> None:
    """Make the calls one after the other, each request as often as it came, old ones in between."""
    for place, call in enumerate(made):
        name, kind = f"call-{place}", call.kind
        requests: list[tuple[str, dict[str, Any]]] = [
            (
                "reserve",
                {"number": call.number, "kind": kind, "started_at": int(switch.now.timestamp())},
            )
        ]
        requests += [("update", {"used": used}) for used in call.reports]
        requests.append(("terminate", {"used": call.used}))
        for sequence, (verb, asked) in enumerate(requests):
            first = switch.ask(verb, name, sequence, **asked)
            assert first.is_ok, first
            for _ in range(call.repeats[sequence]):
                assert switch.ask(verb, name, sequence, **asked) == first
                if sequence:
                    older_verb, older = requests[sequence - 1]
                    late = switch.told(older_verb, name, sequence - 1, **older)
                    assert late["code"] == "stale_sequence"
        switch.later(call.gap)


def books() -> tuple[list[Any], list[Any]]:
    rows = PricedUsage.objects.order_by("record_key").values_list(*ROW, "allowance_used")
    counters = AllowanceUse.objects.order_by("allowance_id", "period")
    return list(rows), list(counters.values_list("allowance_id", "period", "used"))


def line(place: int, call: Call, at: Any) -> str:
    moment = at.isoformat()
    return f"call-{place},{call.kind.code},{FIRST_NUMBER},{moment},{call.used},{call.number}"


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=st.lists(calls(), min_size=1, max_size=6))
def test_books_are_those_of_the_files(operator: Operator, tmp_path: Path, made: list[Call]) -> None:
    Account.objects.update(kind="prepaid")
    with transaction.atomic():
        world.give(operator, "1000000.00")
        switch = world.switch(operator)
        online(switch, made)
        switch.later(60)
        charging.book_sessions(
            business_date=world.NOON.date(), reference=switch.reference, now=switch.now
        )
        by_sessions = books()
        transaction.set_rollback(True)
    at, lines = world.NOON, []
    for place, call in enumerate(made):
        lines.append(line(place, call, at))
        at += timedelta(seconds=call.gap)
    with transaction.atomic():
        night = Night(tmp_path / str(len(list(tmp_path.iterdir()))))
        night.bring(*lines, source="csv-1")
        night.price()
        by_files = books()
        transaction.set_rollback(True)
    assert len(by_sessions[0]) == len(made)
    assert by_sessions == by_files
