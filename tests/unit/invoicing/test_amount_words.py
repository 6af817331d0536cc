"""Sums in words: an act with a wrong word is signed by nobody."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.domain.amount_words import LARGEST, roubles

RUSSIAN = [
    ("0.00", "Ноль рублей 00 копеек"),
    ("0.01", "Ноль рублей 01 копейка"),
    ("1.02", "Один рубль 02 копейки"),
    ("2.05", "Два рубля 05 копеек"),
    ("11.11", "Одиннадцать рублей 11 копеек"),
    ("21.21", "Двадцать один рубль 21 копейка"),
    ("40.00", "Сорок рублей 00 копеек"),
    ("112.00", "Сто двенадцать рублей 00 копеек"),
    ("1000.00", "Одна тысяча рублей 00 копеек"),
    ("2022.22", "Две тысячи двадцать два рубля 22 копейки"),
    ("5000000.00", "Пять миллионов рублей 00 копеек"),
    ("1001001.01", "Один миллион одна тысяча один рубль 01 копейка"),
    (
        "987654321.99",
        "Девятьсот восемьдесят семь миллионов шестьсот пятьдесят четыре тысячи триста двадцать "
        "один рубль 99 копеек",
    ),
    ("-15.50", "Минус пятнадцать рублей 50 копеек"),
]
ENGLISH = [
    ("0.00", "Zero roubles 00 kopecks"),
    ("1.01", "One rouble 01 kopeck"),
    ("21.00", "Twenty-one roubles 00 kopecks"),
    ("115.05", "One hundred fifteen roubles 05 kopecks"),
    ("2000040.00", "Two million forty roubles 00 kopecks"),
]
#: A word -> what it is worth, and whether it multiplies what stands before it.
WORTH = dict(
    zip(
        "ноль один одна два две три четыре пять шесть семь восемь девять десять одиннадцать "
        "двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать "
        "девятнадцать двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто "
        "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот".split(),
        [0, 1, 1, 2, 2, *range(3, 20), *range(20, 100, 10), *range(100, 1000, 100)],
        strict=True,
    )
)
SCALES = {"тысяч": 1_000, "миллион": 10**6, "миллиард": 10**9, "триллион": 10**12}


@pytest.mark.parametrize(("amount", "words"), RUSSIAN)
def test_in_russian(amount: str, words: str) -> None:
    assert roubles(Decimal(amount), language="ru") == words


@pytest.mark.parametrize(("amount", "words"), ENGLISH)
def test_in_english(amount: str, words: str) -> None:
    assert roubles(Decimal(amount), language="en") == words


def read_back(words: str) -> int:
    """What Russian words of whole roubles are worth."""
    total = group = 0
    for word in words.lower().split():
        scale = next(
            (
                worth
                for stem, worth in sorted(SCALES.items(), reverse=True)
                if word.startswith(stem)
            ),
            0,
        )
        if scale:
            total, group = total + group * scale, 0
        elif word in WORTH:
            group += WORTH[word]
    return total + group


@given(st.integers(0, LARGEST - 1), st.integers(0, 99))
def test_the_words_are_worth_the_sum(whole: int, part: int) -> None:
    words = roubles(Decimal(whole * 100 + part) / 100, language="ru")
    said, kopecks, _unit = words.rsplit(" ", 2)
    assert (read_back(said), int(kopecks)) == (whole, part)


def test_beyond_words_there_are_figures() -> None:
    assert roubles(Decimal(LARGEST), language="ru") == "1000000000000000.00"
