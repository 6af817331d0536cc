"""Vouchers as values: codes as people type them, hashes, the printer's list, when guessing stops."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.vouchers import (
    DIGITS,
    WINDOW,
    Card,
    Print,
    card_label,
    locked_until,
    make_cards,
    read_code,
    secret_hash,
    write_cards,
    write_code,
)

codes = st.integers(0, 10**DIGITS - 1).map(lambda number: f"{number:0{DIGITS}}")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@given(codes)
def test_what_is_printed_is_read(code: str) -> None:
    assert read_code(write_code(code)) == code
    assert read_code(f"  {code[:5]} {code[5:9]}—{code[9:]}\n") == code


@pytest.mark.parametrize(
    "text",
    ["", "1234", "1234567890123456 7", "123456789012345O", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦", "1" * 40, "drop"],
)
def test_what_is_no_code(text: str) -> None:
    assert read_code(text) is None


@given(codes, codes, st.text(min_size=1), st.text(min_size=1))
def test_a_hash_tells_codes_and_keys_apart(one: str, other: str, key: str, lock: str) -> None:
    assert len(secret_hash(one, key=key)) == 32
    same = secret_hash(one, key=key) == secret_hash(other, key=lock)
    assert same == ((one, key) == (other, lock))


def test_cards_of_a_series_differ() -> None:
    cards = make_cards(5_000)
    assert [card.serial for card in cards] == list(range(1, 5_001))
    assert len({card.code for card in cards}) == 5_000
    assert all(read_code(card.code) == card.code for card in cards)
    # The serial says nothing of the secret.
    assert [card.code for card in cards] != sorted(card.code for card in cards)


def test_the_printers_list() -> None:
    on = Print("L26", Decimal("300.00"), "RUB", date(2026, 1, 1), date(2027, 1, 1))
    text = write_cards([Card(1, "0000111122223333")], on=on)
    [row] = csv.DictReader(io.StringIO(text), delimiter=";")
    assert row == {
        "series": "L26",
        "card": "L26-000001",
        "code": "0000-1111-2222-3333",
        "nominal": "300.00",
        "currency": "RUB",
        "usable_from": "2026-01-01",
        "usable_before": "2027-01-01",
    }


def test_serials_beyond_a_million_keep_their_digits() -> None:
    assert card_label("L26", 1_234_567) == "L26-1234567"


minutes_ago = st.lists(st.integers(0, 120), max_size=40)


@given(minutes_ago, st.integers(1, 8))
def test_a_lock_ends_when_the_window_lets_one_more_in(minutes: list[int], limit: int) -> None:
    failures = [NOW - timedelta(minutes=ago) for ago in minutes]
    until = locked_until(failures, limit=limit, now=NOW)
    late = [at for at in failures if at > NOW - WINDOW]
    assert (until is not None) == (len(late) >= limit)
    if until is not None:
        assert NOW < until <= NOW + WINDOW
        assert locked_until(failures, limit=limit, now=until) is None
        assert locked_until(failures, limit=limit, now=until - timedelta(seconds=1)) is not None
