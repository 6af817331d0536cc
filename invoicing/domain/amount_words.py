"""
Roubles in words, as acts write them, in Russian (ru) and English (en).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

#: Larger sums are written in figures: nobody signs them.
LARGEST: Final = 10**15

_RU_ONES: Final = (
    *("", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"),
    *("одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать"),
    *("семнадцать", "восемнадцать", "девятнадцать"),
)
_RU_TENS: Final = (
    *("", "", "двадцать", "тридцать", "сорок", "пятьдесят"),
    *("шестьдесят", "семьдесят", "восемьдесят", "девяносто"),
)
_RU_HUNDREDS: Final = (
    *("", "сто", "двести", "триста", "четыреста", "пятьсот"),
    *("шестьсот", "семьсот", "восемьсот", "девятьсот"),
)
#: Forms for one, for two to four, for five and more.
_RU_SCALES: Final = (
    ("рубль", "рубля", "рублей"),
    ("тысяча", "тысячи", "тысяч"),
    ("миллион", "миллиона", "миллионов"),
    ("миллиард", "миллиарда", "миллиардов"),
    ("триллион", "триллиона", "триллионов"),
)
_RU_KOPECKS: Final = ("копейка", "копейки", "копеек")
_FEMALE: Final = {1: "одна", 2: "две"}
_EN_ONES: Final = (
    *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_EN_TENS: Final = (
    *("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
)
_EN_SCALES: Final = ("", "thousand", "million", "billion", "trillion")


def roubles(amount: Decimal, *, language: str) -> str:
    """
    Return an amount of roubles in words, kopecks in figures.

    >>> roubles(Decimal("1202.05"), language="ru")
    'Одна тысяча двести два рубля 05 копеек'
    >>> roubles(Decimal("1202.05"), language="en")
    'One thousand two hundred two roubles 05 kopecks'
    """
    sign, size = ("минус " if language == "ru" else "minus ") if amount < 0 else "", abs(amount)
    whole, kopecks = divmod(int(size * 100), 100)
    if whole >= LARGEST:
        return f"{amount:.2f}"
    if language == "ru":
        words = _russian(whole)
        told = f"{words} {kopecks:02d} {_form(kopecks, _RU_KOPECKS)}"
    else:
        unit = "rouble" if whole == 1 else "roubles"
        part = "kopeck" if kopecks == 1 else "kopecks"
        told = f"{_english(whole)} {unit} {kopecks:02d} {part}"
    told = sign + told
    return told[0].upper() + told[1:]


def _russian(whole: int) -> str:
    said = []
    for place, group in _groups(whole):
        if group or place == 0:
            words = _russian_group(group, is_female=place == 1)
            said.append(" ".join([*words, _form(group, _RU_SCALES[place])]))
    return " ".join(said) if whole else "ноль рублей"


def _russian_group(group: int, *, is_female: bool) -> list[str]:
    hundreds, rest = divmod(group, 100)
    tens, ones = (0, rest) if rest < 20 else divmod(rest, 10)
    last = _FEMALE.get(ones, _RU_ONES[ones]) if is_female else _RU_ONES[ones]
    return [word for word in (_RU_HUNDREDS[hundreds], _RU_TENS[tens], last) if word]


def _english(whole: int) -> str:
    said = []
    for place, group in _groups(whole):
        if group:
            said += [*_english_group(group), _EN_SCALES[place]]
    return " ".join(filter(None, said)) if whole else "zero"


def _english_group(group: int) -> list[str]:
    hundreds, rest = divmod(group, 100)
    words = [_EN_ONES[hundreds], "hundred"] if hundreds else []
    tens, ones = (0, rest) if rest < 20 else divmod(rest, 10)
    pair = "-".join(filter(None, (_EN_TENS[tens], _EN_ONES[ones])))
    return [*words, pair]


def _groups(whole: int) -> list[tuple[int, int]]:
    """Return the groups of three digits with their place, the highest first."""
    found: list[tuple[int, int]] = []
    place = 0
    while whole or not found:
        whole, group = divmod(whole, 1000)
        found.append((place, group))
        place += 1
    return found[::-1]


def _form(count: int, forms: Sequence[str]) -> str:
    """
    Return the form that stands after the count in Russian.

    >>> [_form(n, _RU_KOPECKS) for n in (1, 3, 5, 11, 21)]
    ['копейка', 'копейки', 'копеек', 'копеек', 'копейка']
    """
    if count % 100 in range(11, 15):
        return forms[2]
    return {1: forms[0], 2: forms[1], 3: forms[1], 4: forms[1]}.get(count % 10, forms[2])
