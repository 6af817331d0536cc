"""The rules of rating, one by one, in figures."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Priced, Use, price_one
from rating.domain.usage import Reason
from tariffs.domain.deck import Allowance, Band, Deck, Rate, Rounding, UsageKind, ZoneTerms
from tests.unit.rating.operators import MOSCOW, ZONES, moment

LOCAL = 1
EVENING = Band("evening", from_second=20 * 3600, to_second=8 * 3600, priority=1)
HOLIDAY = Band("holiday", on_holidays=True, priority=2)
NOON = moment("2026-05-05T12:00:00+03:00")


def deck(
    *,
    terms: ZoneTerms | None = None,
    rounding: Rounding = Rounding.HALF_UP,
    fee: str = "0",
    price: str = "1.80",
    kind: UsageKind = UsageKind.VOICE,
    timezone: str = MOSCOW,
    unit: int = 60,
) -> Deck:
    """Return a deck: a day price, 0.60 in the evening, 0.30 on holidays."""
    return Deck(
        version_id=1,
        kind=kind,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone=timezone,
        bands=(Band("day"), EVENING, HOLIDAY),
        rates=(
            Rate("day", Decimal(price), unit=unit, connection_fee=Decimal(fee)),
            Rate("evening", Decimal("0.60"), unit=unit, connection_fee=Decimal("0.05")),
            Rate("holiday", Decimal("0.30"), unit=unit),
        ),
        terms=(terms or ZoneTerms(),),
        rounding=rounding,
        holidays=frozenset({date(2026, 5, 9)}),
    )


def price(
    quantity: int, *, at: int = NOON, of: Deck | None = None, left: tuple[AllowanceLeft, ...] = ()
) -> Priced:
    """Price a record of the deck's kind to the local zone."""
    used = of or deck()
    prices = DeckPrices(used, zones=ZONES)
    return price_one(Use(at, used.kind, quantity), prices=prices, zone_id=LOCAL, allowances=left)


def minutes(amount: int, *, number: int = 1, step: int = 0) -> AllowanceLeft:
    """Return an allowance of seconds that is all left."""
    return AllowanceLeft(Allowance(number, UsageKind.VOICE, amount, step=step), amount)


@pytest.mark.parametrize(
    ("seconds", "terms", "billed", "amount"),
    [
        pytest.param(60, ZoneTerms(), 60, "1.80", id="a full minute is not two"),
        pytest.param(61, ZoneTerms(), 120, "3.60", id="a started minute is charged whole"),
        pytest.param(61, ZoneTerms(None, 60, 1), 61, "1.83", id="by the second after the first"),
        pytest.param(7, ZoneTerms(None, 1, 1), 7, "0.21", id="by the second"),
        pytest.param(0, ZoneTerms(min_units=60), 0, "0.00", id="no length costs nothing"),
        pytest.param(3, ZoneTerms(grace_units=3), 0, "0.00", id="within the grace"),
        pytest.param(4, ZoneTerms(grace_units=3), 60, "1.80", id="just past the grace"),
        pytest.param(20, ZoneTerms(free_units=20), 0, "0.00", id="all of it free"),
        pytest.param(80, ZoneTerms(free_units=20), 60, "1.80", id="free seconds off the front"),
        pytest.param(81, ZoneTerms(free_units=20), 120, "3.60", id="one second past the free ones"),
        pytest.param(5, ZoneTerms(None, 1, 1, min_units=30), 30, "0.90", id="at least the minimum"),
        pytest.param(
            25,
            ZoneTerms(None, 1, 1, free_units=20, min_units=30),
            30,
            "0.90",
            id="free, then minimum",
        ),
    ],
)
def test_what_is_counted(seconds: int, terms: ZoneTerms, billed: int, amount: str) -> None:
    priced = price(seconds, of=deck(terms=terms))
    assert (priced.billed_units, priced.amount) == (billed, Decimal(amount))


def test_an_increment_keeps_the_price_of_its_own_start() -> None:
    priced = price(90, at=moment("2026-05-05T19:59:30+03:00"))
    assert [(s.band_code, s.at, s.units, s.amount) for s in priced.segments] == [
        ("day", 0, 60, Fraction(9, 5)),
        ("evening", 60, 60, Fraction(3, 5)),
    ]


def test_midnight_into_a_holiday() -> None:
    priced = price(180, at=moment("2026-05-08T23:59:00+03:00"))
    assert [(s.band_code, s.units) for s in priced.segments] == [("evening", 60), ("holiday", 120)]
    assert priced.amount == Decimal("1.25")


def test_clocks_that_go_forward_shorten_the_night() -> None:
    # Berlin, 29 March 2026: 01:59:59 is followed by 03:00:00; eight o'clock comes an hour sooner.
    start = moment("2026-03-28T23:00:00+01:00")
    priced = price(9 * 3600, at=start, of=deck(timezone="Europe/Berlin"))
    assert [(s.band_code, s.units) for s in priced.segments] == [("evening", 28800), ("day", 3600)]


def test_clocks_that_go_back_lengthen_the_night() -> None:
    start = moment("2026-10-24T23:00:00+02:00")
    priced = price(11 * 3600, at=start, of=deck(timezone="Europe/Berlin"))
    assert [(s.band_code, s.units) for s in priced.segments] == [("evening", 36000), ("day", 3600)]


def test_the_connection_fee_is_due_once_of_the_first_band() -> None:
    priced = price(120, at=moment("2026-05-05T19:59:00+03:00"), of=deck(fee="0.50"))
    assert (priced.connection_fee, priced.amount) == (Decimal("0.50"), Decimal("2.90"))


def test_no_fee_for_no_length() -> None:
    priced = price(0, of=deck(fee="0.50"))
    assert (priced.connection_fee, priced.amount) == (Decimal(0), Decimal("0.00"))


def test_the_fee_is_due_when_an_allowance_covers_all() -> None:
    priced = price(60, of=deck(fee="0.50"), left=(minutes(600),))
    assert (priced.uses, priced.amount) == (((1, 60),), Decimal("0.50"))


def test_an_allowance_covers_whole_steps_only() -> None:
    priced = price(180, left=(minutes(119),))
    assert (priced.uses, priced.billed_units, priced.amount) == (((1, 60),), 180, Decimal("3.60"))


def test_an_allowance_may_count_in_steps_of_its_own() -> None:
    priced = price(90, left=(minutes(45, step=1),))
    assert (priced.uses, priced.billed_units, priced.amount) == (((1, 45),), 105, Decimal("1.80"))


def test_the_next_allowance_takes_over() -> None:
    priced = price(180, left=(minutes(70), minutes(1000, number=2)))
    assert (priced.uses, priced.amount) == (((1, 60), (2, 120)), Decimal("0.00"))


def test_an_allowance_too_small_for_the_first_increment_serves_the_next_ones() -> None:
    priced = price(100, of=deck(terms=ZoneTerms(None, 60, 10)), left=(minutes(35),))
    assert [(s.at, s.units, s.allowance_id) for s in priced.segments] == [
        (0, 60, None),
        (60, 30, 1),
        (90, 10, None),
    ]
    assert priced.amount == Decimal("2.10")


@pytest.mark.parametrize(
    ("rounding", "amount"),
    [(Rounding.HALF_UP, "0.01"), (Rounding.UP, "0.01"), (Rounding.DOWN, "0.00")],
)
def test_a_half_kopeck(rounding: Rounding, amount: str) -> None:
    of = deck(terms=ZoneTerms(None, 1, 1), rounding=rounding, price="0.30")
    assert price(1, of=of).exact == Fraction(1, 200)
    assert price(1, of=of).amount == Decimal(amount)


def test_rounding_happens_once() -> None:
    # Three increments of 0.333… make 1.00, not 0.99.
    of = deck(terms=ZoneTerms(None, 20, 20), price="1")
    assert price(60, of=of).amount == Decimal("1.00")


def test_bytes_take_no_time() -> None:
    of = deck(kind=UsageKind.DATA, unit=1 << 20, terms=ZoneTerms(None, 1024, 1024))
    priced = price(3 << 20, at=moment("2026-05-05T19:59:59+03:00"), of=of)
    assert [(s.band_code, s.units) for s in priced.segments] == [("day", 3 << 20)]
    assert priced.amount == Decimal("5.40")


def test_what_was_taken_explains_the_price() -> None:
    before = price(180, left=(minutes(119),))
    again = price(180, left=(AllowanceLeft(minutes(119).allowance, dict(before.uses)[1]),))
    assert again == before


def test_a_zone_without_price() -> None:
    prices = DeckPrices(deck(), zones=())
    priced = price_one(Use(NOON, UsageKind.VOICE, 60), prices=prices, zone_id=LOCAL)
    assert (priced.reason, priced.amount) == (Reason.NO_ZONE, Decimal("0.00"))


def test_a_negative_length_takes_nothing() -> None:
    priced = price(-1, left=(minutes(600),))
    assert (priced.reason, priced.uses, priced.amount) == (Reason.BAD_QUANTITY, (), Decimal("0.00"))
