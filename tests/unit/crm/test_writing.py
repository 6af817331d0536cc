"""How money, days and states are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from crm.templatetags import crm as written


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("1234.50", "1 234,50 ₽", "₽1,234.50"),
        ("-120", "−120,00 ₽", "−₽120.00"),
        ("0", "0,00 ₽", "₽0.00"),
    ],
)
def test_money(amount: str, russian: str, english: str) -> None:
    with translation.override("ru"):
        assert written.money(Decimal(amount)).replace("\u00a0", " ") == russian
    with translation.override("en"):
        assert written.money(Decimal(amount)) == english


def test_short_money_leaves_out_no_kopecks_that_are_there() -> None:
    with translation.override("ru"):
        assert written.short_money(Decimal("-120.00")) == "−120\u00a0₽"
        assert written.short_money(Decimal("-120.01")) == "−120,01\u00a0₽"


def test_days_and_moments_are_those_of_the_operator() -> None:
    late = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    with translation.override("ru"):
        assert written.day(date(2026, 11, 22)) == "22\u00a0ноября\u00a02026"
        assert written.moment(late) == "23\u00a0ноября\u00a02026, 01:30"
    with translation.override("en"):
        assert written.day(late) == "23\u00a0November\u00a02026"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("79215550101", "+7 921 555-01-01"), ("ivanov", "ivanov"), ("358401234567", "358401234567")],
)
def test_phone(value: str, shown: str) -> None:
    assert written.phone(value).replace("\u00a0", " ") == shown


def test_a_state_is_a_word_with_a_glyph() -> None:
    shown = str(written.service_state("slow"))
    assert "state-soon" in shown
    assert "▲" in shown
    assert "сниженная скорость" in shown
