"""The price of a bundle: shares add up, nothing is dearer than alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.domain.bundles import BundleProblem, Part, find_problems, price_bundle

HOME, TV, BOX = (Part(key, Decimal(fee)) for key, fee in (("home", 550), ("tv", 250), ("box", 0)))
FEES = st.decimals(min_value=0, max_value=5000, places=2)


def shares(bundle):
    return {share.key: share.share for share in bundle.shares}


def test_one_price_is_split_by_what_the_parts_cost_alone() -> None:
    bundle = price_bundle([HOME, TV, BOX], price=Decimal("699.99"))
    assert shares(bundle) == {"home": Decimal("481.24"), "tv": Decimal("218.75"), "box": 0}
    assert (bundle.full, bundle.total, bundle.saved) == (800, Decimal("699.99"), Decimal("100.01"))


@pytest.mark.parametrize(
    ("percent", "amount", "share"),
    [("10", "0", "225.00"), ("0", "99.99", "150.01"), ("100", "0", "0"), ("0", "300", "0")],
)
def test_discounts_are_taken_off_each_part(percent, amount, share) -> None:
    part = Part("tv", Decimal(250), Decimal(percent), Decimal(amount))
    bundle = price_bundle([HOME, part])
    assert shares(bundle) == {"home": 550, "tv": Decimal(share)}
    assert bundle.saved == 250 - Decimal(share)


def test_a_price_above_the_parts_is_not_charged() -> None:
    assert price_bundle([HOME, TV], price=Decimal(900)).total == 800


@given(st.lists(FEES, min_size=1, max_size=6), st.none() | FEES, st.integers(0, 100))
def test_shares_add_up_and_nothing_is_dearer_than_alone(fees, price, percent) -> None:
    parts = [Part(str(place), fee, Decimal(percent)) for place, fee in enumerate(fees)]
    bundle = price_bundle(parts, price=price)
    assert sum(share.share for share in bundle.shares) == bundle.total
    assert 0 <= bundle.total <= bundle.full
    assert all(-Decimal("0.01") <= share.saved <= share.fee for share in bundle.shares)


@pytest.mark.parametrize(
    ("parts", "price", "problems"),
    [
        ([HOME, TV], None, []),
        ([HOME], None, [BundleProblem.TOO_FEW_PARTS]),
        ([HOME, HOME], None, [BundleProblem.PART_TWICE]),
        ([HOME, TV], Decimal("800.01"), [BundleProblem.DEARER_THAN_PARTS]),
        (
            [HOME, Part("tv", Decimal(9), Decimal(1), Decimal(1))],
            None,
            [BundleProblem.TWO_DISCOUNTS],
        ),
        (
            [HOME, Part("tv", Decimal(9), Decimal(1))],
            Decimal(1),
            [BundleProblem.PRICE_AND_DISCOUNTS],
        ),
    ],
)
def test_what_is_wrong_with_a_bundle(parts, price, problems) -> None:
    assert find_problems(parts, price=price) == problems
