"""What another version would have changed: exchanging versions, fees, histogram and totals."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.usage import AllowanceUses, PricedColumns, Reason
from rating.domain.whatif import (
    BOUNDS,
    STAND_IN,
    TOP_ZONES,
    Fee,
    FeeColumns,
    Tally,
    exchange_deck,
    exchange_plan,
    histogram,
    money,
    seconds_within,
    stretch,
)
from tariffs.domain.deck import Allowance, Band, Deck, PlanPricing, Rate, UsageKind

FIRST, END = date(2026, 10, 1), date(2026, 11, 1)
DAY = 86_400


def deck(version_id: int, start: date, end: date | None = None, *, price: str = "1") -> Deck:
    return Deck(
        version_id=version_id,
        kind=UsageKind.VOICE,
        valid_from=start,
        valid_to=end,
        timezone="Europe/Moscow",
        bands=(Band("any"),),
        rates=(Rate("any", Decimal(price)),),
    )


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def priced(
    amounts: list[int],
    *,
    accounts: list[int] | None = None,
    zones: list[int] | None = None,
    reasons: list[int] | None = None,
) -> PricedColumns:
    """Columns of priced calls; what a tally doesn't read is nothing."""
    count = len(amounts)
    nothing = np.zeros(count, np.int64)
    values = dict.fromkeys(PricedColumns.__dataclass_fields__, nothing)
    values |= {
        "reason": ints(*(reasons or [0] * count)),
        "account_id": ints(*(accounts or range(1, count + 1))),
        "zone_id": ints(*(zones or [7] * count)),
        "amount": ints(*amounts),
        "kind": np.full(count, UsageKind.VOICE),
        "uses": AllowanceUses(*(ints() for _ in AllowanceUses.__dataclass_fields__)),
    }
    return PricedColumns(**values)


class TestStretch:
    @pytest.mark.parametrize(
        ("decks", "expected"),
        [
            pytest.param([], [], id="a deck without versions prices nothing"),
            pytest.param([(1, FIRST, None)], [(FIRST, None)], id="in force already"),
            pytest.param(
                [(1, date(2026, 12, 1), None)], [(FIRST, None)], id="a later one begins now"
            ),
            pytest.param(
                [(1, date(2026, 1, 1), date(2026, 9, 1))],
                [(date(2026, 1, 1), None)],
                id="the last one goes on",
            ),
            pytest.param(
                [(1, date(2026, 1, 1), date(2026, 10, 10)), (2, date(2026, 10, 20), None)],
                [(date(2026, 1, 1), date(2026, 10, 10)), (date(2026, 10, 20), None)],
                id="a gap stays",
            ),
            pytest.param(
                [(2, date(2026, 10, 15), None), (3, date(2026, 12, 1), None)],
                [(FIRST, None)],
                id="what begins after the month is left out",
            ),
        ],
    )
    def test_covers_the_month(self, decks: list[tuple], expected: list[tuple]) -> None:
        found = stretch([deck(*each) for each in decks], first=FIRST, end=END)
        assert [(one.valid_from, one.valid_to) for one in found] == expected


class TestExchange:
    def test_a_plan_is_priced_as_another(self) -> None:
        old = PlanPricing(1, {UsageKind.VOICE: (deck(10, FIRST),)})
        other = PlanPricing(2, {UsageKind.VOICE: (deck(10, FIRST),)})
        new = PlanPricing(3, {UsageKind.VOICE: (deck(11, date(2026, 12, 1), price="2"),)})
        found = exchange_plan([old, other, new], old_id=1, new=new, first=FIRST, end=END)
        assert [plan.plan_version_id for plan in found] == [1, 2, 3]
        assert (found[1], found[2]) == (other, new)
        [standing] = found[0].decks[UsageKind.VOICE]
        assert (standing.version_id, standing.valid_from) == (11 + STAND_IN, FIRST)
        assert standing.rates[0].price == 2

    def test_packages_and_own_decks_of_an_offer_stay(self) -> None:
        bought, included, better = (
            Allowance(number, UsageKind.VOICE, 60 * number) for number in (1, 2, 3)
        )
        decks = {UsageKind.VOICE: (deck(10, FIRST),), UsageKind.SMS: (deck(20, FIRST),)}
        old = PlanPricing(1, decks, (included,))
        own = (deck(30, FIRST, price="9"),)
        offer = PlanPricing(1, {**decks, UsageKind.VOICE: own}, (included, bought), offer_id=99)
        new = PlanPricing(3, {UsageKind.VOICE: (deck(11, FIRST),)}, (better,))
        alone, found = exchange_plan([old, offer], old_id=1, new=new, first=FIRST, end=END)
        assert (alone.allowances, found.allowances) == ((better,), (better, bought))
        assert found.decks == {UsageKind.VOICE: own}
        assert (alone.key, found.key) == (1, 99)

    def test_a_deck_keeps_the_days_of_the_old_one(self) -> None:
        last = deck(12, date(2026, 10, 20))
        plan = PlanPricing(
            1, {UsageKind.VOICE: (deck(10, date(2026, 2, 1), date(2026, 10, 20)), last)}
        )
        [found] = exchange_deck([plan], old_id=10, new=deck(12, date(2026, 12, 1), price="3"))
        changed, kept = found.decks[UsageKind.VOICE]
        assert (changed.valid_from, changed.valid_to) == (date(2026, 2, 1), date(2026, 10, 20))
        assert (changed.version_id, changed.rates[0].price) == (12 + STAND_IN, 3)
        assert kept is last


class TestFees:
    @pytest.mark.parametrize(
        ("fee", "days", "expected"),
        [
            pytest.param(Fee(30_000), 30, 30_000, id="the whole month"),
            pytest.param(Fee(30_000), 1, 1_000, id="a day of a monthly fee"),
            pytest.param(Fee(1_000, is_daily=True), 7, 7_000, id="a week by the day"),
            pytest.param(Fee(100), 1, 3, id="3.33 kopecks are 3"),
            pytest.param(Fee(105), 10, 35, id="exact"),
            pytest.param(Fee(5), 3, 1, id="half a kopeck goes up"),
            pytest.param(Fee(0), 30, 0, id="no fee"),
        ],
    )
    def test_of_some_days(self, fee: Fee, days: int, expected: int) -> None:
        assert fee.of(ints(days * DAY), month_seconds=30 * DAY).tolist() == [expected]

    def test_seconds_inside_are_half_open(self) -> None:
        starts, stops = ints(0, 5, 10, 20), ints(5, 15, 2**62, 30)
        assert seconds_within(starts, stops, first=5, end=20).tolist() == [0, 10, 10, 0]


class TestHistogram:
    def test_bounds_belong_to_the_nearer_side_of_nothing(self) -> None:
        found = histogram(ints(-50_001, -50_000, -1_000, -999, 0, 1, 1_000, 1_001, 50_001))
        counts = [(row["low"], row["high"], row["accounts"]) for row in found if row["accounts"]]
        assert counts == [
            (None, "-500.00", 1),
            ("-500.00", "-200.00", 1),
            ("-10.00", "0.00", 2),
            ("0.00", "0.00", 1),
            ("0.00", "10.00", 2),
            ("10.00", "50.00", 1),
            ("500.00", None, 1),
        ]

    @given(st.lists(st.integers(-200_000, 200_000), max_size=60))
    def test_every_account_is_in_one_bin(self, changes: list[int]) -> None:
        found = histogram(ints(*changes))
        assert len(found) == len(BOUNDS) + 2
        assert sum(row["accounts"] for row in found) == len(changes)
        assert sum(Decimal(row["change"]) for row in found) == Decimal(sum(changes)) / 100


class TestTally:
    def test_adds_up_by_hand(self) -> None:
        tally = Tally()
        tally.add_usage(
            priced([100, 200, 50], accounts=[1, 1, 2], zones=[7, 8, 8]),
            priced([150, 200, 20], accounts=[1, 1, 2], zones=[7, 8, 8]),
            quantity=ints(60, 120, 30),
            stored=ints(100, 200, 51),
        )
        tally.add_fees(
            FeeColumns(
                account_id=ints(2, 3),
                subscription_id=ints(20, 30),
                old=ints(0, 500),
                new=ints(0, 400),
            )
        )
        tally.close_range(ints(10, 10, 20, 30))
        found = tally.summarise()
        assert (found["records"], found["subscriptions"], found["accounts"]) == (3, 3, 3)
        assert found["usage"] == {"stored": "3.51", "old": "3.50", "new": "3.70", "change": "0.20"}
        assert found["fees"] == {"old": "5.00", "new": "4.00", "change": "-1.00"}
        assert found["total"] == {"old": "8.50", "new": "7.70", "change": "-0.80"}
        assert (found["pay_more"], found["pay_less"], found["same"]) == (1, 2, 0)
        assert [row["account_id"] for row in found["most"]] == [1]
        assert [(row["account_id"], row["change"]) for row in found["least"]] == [
            (3, "-1.00"),
            (2, "-0.30"),
        ]
        assert found["zones"] == [
            {"kind": 1, "zone_id": 7, "records": 1, "quantity": 60, "old": "1.00", "new": "1.50", "change": "0.50"},
            {"kind": 1, "zone_id": 8, "records": 2, "quantity": 150, "old": "2.50", "new": "2.20", "change": "-0.30"},
        ]  # fmt: skip

    def test_what_the_new_one_cannot_price_is_counted_by_reason(self) -> None:
        tally = Tally()
        tally.add_usage(
            priced([100, 0], reasons=[0, Reason.NO_ZONE]),
            priced([0, 0], reasons=[Reason.NO_RATE, Reason.NO_ZONE]),
            quantity=ints(60, 60),
            stored=ints(100, 0),
        )
        assert tally.summarise()["unpriced"] == {"no_rate": 1}

    def test_many_zones_end_in_one_row(self) -> None:
        tally, many = Tally(), TOP_ZONES + 5
        amounts = list(range(1, many + 1))
        tally.add_usage(
            priced([0] * many, zones=amounts),
            priced(amounts, zones=amounts),
            quantity=ints(*[1] * many),
            stored=ints(*[0] * many),
        )
        rows = tally.summarise()["zones"]
        assert len(rows) == TOP_ZONES + 1
        assert (rows[0]["zone_id"], rows[0]["change"]) == (many, money(many))
        assert (rows[-1]["zone_id"], rows[-1]["records"], rows[-1]["change"]) == (-1, 5, "0.15")

    def test_of_nothing_is_nothing(self) -> None:
        found = Tally().summarise()
        assert (found["records"], found["accounts"], found["zones"], found["most"]) == (
            0,
            0,
            [],
            [],
        )
        assert found["total"] == {"old": "0.00", "new": "0.00", "change": "0.00"}

    @given(
        st.lists(
            st.tuples(st.integers(1, 5), st.integers(0, 900), st.integers(0, 900)), max_size=30
        ),
        st.integers(0, 30),
    )
    def test_ranges_of_accounts_change_nothing(self, rows: list[tuple], cut: int) -> None:
        def told(parts: list[list[tuple]]) -> dict:
            tally = Tally()
            for part in parts:
                accounts = [row[0] for row in part]
                both = [priced([row[place] for row in part], accounts=accounts) for place in (1, 2)]
                nothing = np.zeros(len(part), np.int64)
                tally.add_usage(both[0], both[1], quantity=nothing, stored=nothing)
                tally.close_range(nothing[:0])
            return tally.summarise()

        ordered = sorted(rows)
        assert told([ordered[:cut], ordered[cut:]]) == told([ordered])
