"""The explanation of a price: every part of it has its step, and the steps add up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.priced import AllowanceLeft
from rating.domain.prices import DeckPrices
from rating.domain.twin import Use, price_one
from rating.domain.usage import Reason
from rating.queries import telling
from tariffs.domain.deck import (
    Allowance,
    Band,
    Deck,
    Rate,
    Rounding,
    Step,
    Surcharge,
    UsageKind,
    Zone,
    ZoneTerms,
)

HOME = Zone(7, "local", ("7921",))
#: 2026-11-20 10:00 in Moscow.
MORNING = 1_795_158_000


class Plain:
    """Words of a screen that writes figures and nothing else."""

    def price(self, amount: Decimal) -> str:
        return f"{amount.normalize():f}"

    def quantity(self, kind: str, units: int) -> str:
        return f"{units} {kind}"

    def unit_price(self, kind: str, amount: Decimal, unit: int) -> str:
        return f"{self.price(amount)}/{unit}"


def deck(terms: ZoneTerms | None = None, *, steps: tuple[Step, ...] = (), fee: str = "0") -> Deck:
    return Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone="Europe/Moscow",
        bands=(Band("any"),),
        rates=(Rate("any", Decimal(3), zone_id=7, connection_fee=Decimal(fee), steps=steps),),
        terms=(terms or ZoneTerms(first_increment=1, next_increment=1),),
    )


def told(
    of: Deck, quantity: int, *, left: int | None = None, zone_id: int = 7
) -> list[telling.Step]:
    allowances = []
    if left is not None:
        allowances = [AllowanceLeft(Allowance(5, UsageKind.VOICE, 6000), left)]
    prices = DeckPrices(of, zones=[HOME])
    use = Use(MORNING, UsageKind.VOICE, quantity)
    priced = price_one(use, prices=prices, zone_id=zone_id, allowances=allowances)
    names = telling.Names(zone="Home", prefix="7921", allowances={5: "100 min"})
    with translation.override("en"):
        return telling.tell(
            priced, kind=UsageKind.VOICE, quantity=quantity, deck=of, names=names, words=Plain()
        )


ONE = ZoneTerms(first_increment=1, next_increment=1)


@pytest.mark.parametrize(
    ("of", "quantity", "left", "expected"),
    [
        pytest.param(deck(), 60, None, ["60 voice at 3/60."], id="plain"),
        pytest.param(
            deck(ZoneTerms()),
            61,
            None,
            ["Counted as 120 voice: the plan counts in whole steps.", "120 voice at 3/60."],
            id="whole steps",
        ),
        pytest.param(
            deck(replace(ONE, grace_units=5)), 4, None, ["Too short to be charged."], id="grace"
        ),
        pytest.param(
            deck(replace(ONE, free_units=10)),
            70,
            None,
            [
                "The first 10 voice are free.",
                "Counted as 60 voice: the plan counts in whole steps.",
                "60 voice at 3/60.",
            ],
            id="free",
        ),
        pytest.param(
            deck(fee="1.5"), 60, None, ["Connection: 1.5.", "60 voice at 3/60."], id="connection"
        ),
        pytest.param(
            deck(replace(ONE, surcharges=(Surcharge(30, Decimal(7)),))),
            60,
            None,
            ["60 voice at 3/60.", "Surcharge for more than 30 voice: 7."],
            id="surcharge",
        ),
        pytest.param(
            deck(replace(ONE, max_cost=Decimal(2))),
            60,
            None,
            ["60 voice at 3/60.", "No more than 2: the maximum cost."],
            id="cap",
        ),
        pytest.param(
            deck(steps=(Step(0, Decimal(3), 60, 1), Step(30, Decimal(6), 60, 1))),
            60,
            None,
            ["30 voice at 3/60.", "30 voice at 6/60 (the price from 30 voice on)."],
            id="steps",
        ),
        pytest.param(
            deck(),
            60,
            40,
            ["40 voice from what the plan includes: 100 min.", "20 voice at 3/60."],
            id="included",
        ),
        pytest.param(
            deck(),
            7,
            None,
            ["7 voice at 3/60.", "0.35 is rounded to the nearest to 0.35."][:1],
            id="exact",
        ),
        pytest.param(
            replace(deck(), decimals=1, rounding=Rounding.UP),
            7,
            None,
            ["7 voice at 3/60.", "0.35 is rounded up to 0.4."],
            id="rounding",
        ),
    ],
)
def test_steps(of: Deck, quantity: int, left: int | None, expected: list[str]) -> None:
    first, *rest = told(of, quantity, left=left)
    assert first.text == "To “Home”: the longest prefix is 7921."
    assert [step.text for step in rest] == expected


def test_what_has_no_price_says_why() -> None:
    [step] = told(deck(), 60, zone_id=8)
    assert "no zone" in step.text
    with translation.override("en"):
        assert [bool(telling.tell_reason(reason)) for reason in Reason] == [False] + [True] * 7


@given(
    st.integers(1, 4000),
    st.integers(0, 3000) | st.none(),
    st.sampled_from(["0", "1.5"]),
    st.sampled_from([(), (Surcharge(30, Decimal(7)),)]),
)
def test_amounts_add_up(
    quantity: int, left: int | None, fee: str, surcharges: tuple[Surcharge, ...]
) -> None:
    of = deck(replace(ONE, surcharges=surcharges), fee=fee)
    steps = told(of, quantity, left=left)
    total = sum((Decimal(step.amount) for step in steps if step.amount), Decimal(0))
    covered = min(left or 0, quantity)
    due = Decimal(3) * (quantity - covered) / 60 + Decimal(fee)
    due += 7 if surcharges and quantity > 30 else 0
    assert abs(total - due) < Decimal("0.00001")
