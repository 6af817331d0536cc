"""What changes between two versions, prefix by prefix."""

from decimal import Decimal

import pytest

from tariffs.domain.deck_diff import Change, compare, summarise
from tariffs.domain.deck_lines import REST, LinePrices

A, B = "Germany", "Berlin"


def entry(price="1", name=A, *, unit=60, fee="0", first=60, kind="international"):
    amounts = tuple(None if one == "-" else Decimal(one) for one in price.split())
    fees = tuple(Decimal(fee) for _ in amounts)
    return (name, kind, LinePrices(amounts, fees, unit=unit, first_increment=first))


def diff(old, new, *, old_bands=(), new_bands=()):
    return compare(old, new, old_bands=old_bands, new_bands=new_bands)


@pytest.mark.parametrize(
    ("old", "new", "changes", "percent"),
    [
        (entry("1"), entry("1.10"), {Change.DEARER}, "10.0"),
        (entry("4"), entry("3"), {Change.CHEAPER}, "-25.0"),
        (entry("3"), entry("2"), {Change.CHEAPER}, "-33.3"),
        (entry("1"), entry("1", B), {Change.MOVED}, "0.0"),
        (entry("1"), entry("2", B), {Change.MOVED, Change.DEARER}, "100.0"),
        (entry("1"), entry("1", kind="local"), {Change.MOVED}, "0.0"),
        (entry("1"), entry("1", first=1), {Change.COUNTED}, "0.0"),
        (entry("1"), entry("1", fee="2"), {Change.COUNTED}, "0.0"),
        (entry("60", unit=3600), entry("1"), None, None),
        (entry("0"), entry("1"), {Change.DEARER}, None),
    ],
)
def test_what_became_of_a_prefix(old, new, changes, percent) -> None:
    rows = diff({"49": old}, {"49": new})
    if changes is None:
        assert rows == []
        return
    (row,) = rows
    assert row.changes == changes
    assert row.bands[0].percent == (None if percent is None else Decimal(percent))


def test_added_and_removed_prefixes_are_compared_with_what_prices_them_else() -> None:
    old = {"49": entry("1"), "7": entry("5", "Россия")}
    new = {"49": entry("1"), "4930": entry("3", B), REST: entry("9", "*")}
    rest, berlin, russia = diff(old, new)
    assert (rest.prefix, rest.changes, rest.old_destination) == (REST, {Change.ADDED}, "")
    assert (berlin.changes, berlin.old_destination) == ({Change.ADDED, Change.DEARER}, A)
    assert berlin.bands[0].percent == 200
    assert (russia.changes, russia.new_destination) == ({Change.REMOVED, Change.DEARER}, "*")
    assert (russia.bands[0].old, russia.bands[0].new) == (5, 9)


def test_what_nothing_priced_before_is_only_added() -> None:
    (row,) = diff({}, {"49": entry("1")})
    assert (row.changes, row.bands[0].old, row.bands[0].percent) == ({Change.ADDED}, None, None)


def test_bands_are_compared_by_their_codes() -> None:
    names = ("day", "night")
    (row,) = diff(
        {"49": entry("3 2")}, {"49": entry("3 1")}, old_bands=names, new_bands=names[::-1]
    )
    assert {band.band: (band.old, band.new) for band in row.bands} == {
        "night": (2, 3),
        "day": (3, 1),
    }
    assert row.changes == {Change.MIXED}


def test_a_deck_with_one_price_is_compared_with_each_band() -> None:
    (row,) = diff({"49": entry("2")}, {"49": entry("3 2")}, new_bands=("day", "night"))
    assert row.changes == {Change.DEARER}
    assert [band.old for band in row.bands] == [2, 2]


def test_the_summary_counts_every_change() -> None:
    old = {"1": entry("1"), "2": entry("1"), "3": entry("4"), "4": entry("1")}
    new = {"1": entry("1"), "2": entry("1.5", B), "3": entry("1"), "5": entry("1")}
    summary = summarise(diff(old, new), old=old, new=new)
    wanted = {
        Change.ADDED: 1,
        Change.REMOVED: 1,
        Change.MOVED: 1,
        Change.DEARER: 1,
        Change.CHEAPER: 1,
    }
    assert {change: count for change, count in summary.counts.items() if count} == wanted
    assert (summary.unchanged, summary.old_prefixes, summary.new_prefixes) == (1, 4, 4)
    assert (summary.largest_rise, summary.largest_fall) == (50, -75)
