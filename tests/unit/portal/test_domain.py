"""The portal's plain rules."""

from datetime import date
from decimal import Decimal

import pytest

from portal.domain import codes, icons, limits, wording
from portal.domain.charts import chart_month
from portal.domain.subjects import masked, read_subject
from portal.views import keys

NBSP = "\u00a0"
TODAY = date(2026, 11, 22)


class TestSubject:
    @pytest.mark.parametrize(
        "text",
        ["+7 921 555-01-01", "8 (921) 555-01-01", "79215550101", "9215550101", " 8921 5550101 "],
    )
    def test_a_phone_is_one_person_however_written(self, text: str) -> None:
        assert read_subject(text).key == "phone:79215550101"

    @pytest.mark.parametrize("text", ["100000017", "100 000 017", "100-000-017"])
    def test_nine_digits_are_an_account(self, text: str) -> None:
        assert read_subject(text).key == "account:100000017"

    @pytest.mark.parametrize("text", ["admin", "123", "", "x" * 500, "٩٢١٥٥٥٠١٠١"])
    def test_anything_else_is_nobody_and_fits_the_column(self, text: str) -> None:
        subject = read_subject(text)
        assert subject.kind == "unknown"
        assert len(subject.key) <= 80

    def test_an_address_is_masked(self) -> None:
        assert masked("alice@example.org") == "a…@example.org"


class TestCodes:
    def test_six_digits(self) -> None:
        for _ in range(50):
            code = codes.new_code()
            assert len(code) == 6
            assert code.isdigit()

    def test_only_the_code_of_the_customer_with_the_secret_matches(self) -> None:
        stored = codes.code_hash("123456", customer_id=7, secret="s")
        assert codes.is_code("123456", stored=stored, customer_id=7, secret="s")
        assert not codes.is_code("123457", stored=stored, customer_id=7, secret="s")
        assert not codes.is_code("123456", stored=stored, customer_id=8, secret="s")
        assert not codes.is_code("123456", stored=stored, customer_id=7, secret="t")


@pytest.mark.parametrize(
    ("by_subject", "by_address", "refused"),
    [(4, 29, False), (5, 0, True), (0, 30, True), (0, 0, False)],
)
def test_limits(by_subject: int, by_address: int, refused: bool) -> None:
    answer = limits.is_too_often(limits.FAILURES, by_subject=by_subject, by_address=by_address)
    assert answer is refused


class TestWording:
    @pytest.mark.parametrize(
        ("amount", "russian", "english"),
        [
            ("1234.50", "1 234,50 ₽", "₽1,234.50"),
            ("-120.00", "−120,00 ₽", "−₽120.00"),
            ("0", "0,00 ₽", "₽0.00"),
            ("1000000", "1 000 000,00 ₽", "₽1,000,000.00"),
        ],
    )
    def test_money(self, amount: str, russian: str, english: str) -> None:
        written = wording.money(Decimal(amount), currency="RUB", language="ru")
        assert written.replace(NBSP, " ") == russian
        assert wording.money(Decimal(amount), currency="RUB", language="en") == english

    @pytest.mark.parametrize(
        ("size", "written"),
        [
            (0, "0 Б"),
            (1023, "1023 Б"),
            (1024, "1 КБ"),
            (1536 * 1024, "1,5 МБ"),
            (25 << 30, "25 ГБ"),
        ],
    )
    def test_volume(self, size: int, written: str) -> None:
        assert wording.volume(size, language="ru").replace(NBSP, " ") == written

    def test_the_year_is_said_only_when_it_is_another(self) -> None:
        assert wording.day(TODAY, language="ru", today=TODAY).replace(NBSP, " ") == "22 ноября"
        last = wording.day(date(2025, 1, 3), language="en", today=TODAY)
        assert last.replace(NBSP, " ") == "3 January 2025"


class TestChart:
    def test_the_highest_day_fills_the_height_and_no_day_is_invisible(self) -> None:
        chart = chart_month(
            {date(2026, 11, 1): Decimal(1000), date(2026, 11, 30): Decimal("0.01")}, on=TODAY
        )
        assert [(bar.x, bar.y, bar.height) for bar in chart.bars] == [(0, 0, 100), (290, 98, 2)]
        assert chart.total == Decimal("1000.01")

    def test_other_months_and_money_given_back_are_left_out(self) -> None:
        spent = {date(2026, 10, 31): Decimal(5), date(2026, 11, 2): Decimal(-5)}
        chart = chart_month(spent, on=TODAY)
        assert (chart.bars, chart.total, chart.highest) == ((), Decimal(0), Decimal(0))


class TestKeys:
    @pytest.mark.parametrize("text", [None, "", "x", "-1", "1e5", "9" * 30, "²"])
    def test_unreadable_numbers_are_absent(self, text: str | None) -> None:
        assert keys.whole_number(text) is None

    def test_months(self) -> None:
        assert keys.month("2026-02", on=TODAY) == date(2026, 2, 1)
        assert keys.month("2026-13", on=TODAY) == date(2026, 11, 1)
        assert keys.month(None, on=TODAY) == date(2026, 11, 1)

    def test_a_day_and_an_id(self) -> None:
        assert keys.day_and_id("2026-11-22~17") == (TODAY, 17)
        assert keys.day_and_id("2026-11-22") is None
        assert keys.day_and_id("nonsense~17") is None


def test_icons_are_shapes_only() -> None:
    for shape in icons.SHAPES.values():
        assert "script" not in shape
        assert "on" not in shape.replace("stroke", "")
