"""An account's usage, page by page, explained, and by zone for bills."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from bench.world import MIB, Operator
from rating import queries
from rating.models import PricedUsage
from tests.integration.rating.night import Night, call, calls

ABROAD = {"dst": "81012125550101"}
ENTRIES = "SELECT account_id, ref FROM accounts_ledgerentry WHERE kind BETWEEN 10 AND 13"


def test_pages_go_back_in_time_without_losing_a_row(night: Night, operator: Operator) -> None:
    night.load(
        *calls(7), *(call(id=f"h{hour}", at=f"2026-11-20 0{hour}:00:00") for hour in range(5))
    )
    account_id = operator.accounts[0].pk
    rows = queries.list_usage(account_id=account_id, limit=100)
    assert len(rows) == 12
    paged, before = [], None
    while page := queries.list_usage(account_id=account_id, before=before, limit=5):
        paged += page
        before = queries.key_of(page[-1])
    assert [queries.key_of(row) for row in paged] == [queries.key_of(row) for row in rows]
    moments = [row.started_at for row in paged]
    assert moments == sorted(moments, reverse=True)
    assert queries.list_usage(account_id=operator.accounts[1].pk) == []


def test_usage_of_a_period_is_half_open(night: Night, operator: Operator) -> None:
    night.load(call(id="a", at="2026-11-20 10:00:00"), call(id="b", at="2026-11-20 11:00:00"))
    rows = queries.list_usage(
        account_id=operator.accounts[0].pk,
        first=datetime(2026, 11, 20, 7, tzinfo=UTC),
        end=datetime(2026, 11, 20, 8, tzinfo=UTC),
    )
    assert [row.started_at.hour for row in rows] == [7]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([call(**ABROAD, seconds="75")], id="a call abroad"),
        pytest.param(calls(3, seconds="1500"), id="an allowance that ends within a call"),
        pytest.param([call(at="2026-11-20 19:59:30", seconds="90")], id="over the border"),
    ],
)
def test_explanations_agree_with_what_was_charged(night: Night, lines: list[str]) -> None:
    night.load(*lines)
    explained = queries.explain_usage(list(PricedUsage.objects.all()))
    assert [item.agrees for item in explained] == [True] * len(lines)
    for item in explained:
        exact = sum(segment.amount for segment in item.segments) + Fraction(item.connection_fee)
        assert abs(exact - Fraction(item.amount)) <= Fraction(1, 200)


def test_an_explanation_names_its_parts(night: Night) -> None:
    night.load(call(**ABROAD, at="2026-11-20 19:59:30", seconds="90"))
    [item] = queries.explain_usage(list(PricedUsage.objects.all()))
    parts = [(segment.band_code, segment.units) for segment in item.segments]
    assert parts == [("day", 60), ("evening", 30)]
    assert (item.connection_fee, item.amount) == (Decimal("1.5"), Decimal("26.49"))


def test_an_amount_that_cannot_be_explained_says_so(night: Night) -> None:
    night.load(call(**ABROAD))
    row = PricedUsage.objects.get()
    row.amount = Decimal("99.00")
    [item] = queries.explain_usage([row])
    assert not item.agrees
    assert item.amount == Decimal("99.00")


def test_usage_by_zone_adds_up_to_the_entries(night: Night, operator: Operator) -> None:
    night.bring(*calls(2, **ABROAD), call(id="c", dst="+79031234567"), call(1, id="d", **ABROAD))
    night.bring(f"1,data,79210000000,2026-11-20T10:00:00Z,{501 * MIB},", source="csv-1")
    night.load()
    first = operator.accounts[0].pk
    found = queries.sum_usage_by_zone(entries_sql=f"{ENTRIES} AND account_id = %s", params=[first])
    assert {row.account_id for row in found} == {first}
    rows = [(row.kind, row.records, row.billed, str(row.amount)) for row in found]
    assert rows == [(1, 1, 60, "3.45"), (1, 2, 120, "42.98"), (3, 1, 501 * MIB, "0.90")]
    assert found[-1].allowance_used == 500 * MIB
    everybody = queries.sum_usage_by_zone(entries_sql=ENTRIES)
    assert sum(row.amount for row in everybody) == Decimal("68.82")
