"""
The demo operator's plans and price lists, as plain data.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

MIB: Final = 1_048_576
GIB: Final = 1024 * MIB
#: The day the operator began; the first versions of all price lists start here.
BEGIN: Final = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class DemoPrice:
    """Prices of one unit per band, for a class of zones; without a class, for everything else."""

    zone_class: str
    day: Decimal
    evening: Decimal
    weekend: Decimal
    connection: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class DemoDeck:
    """A price list: usage kind, unit, increments and conventions, prices."""

    code: str
    name: str
    usage_kind: str
    unit: int
    first_increment: int
    next_increment: int
    prices: tuple[DemoPrice, ...]
    free_units: int = 0
    grace_units: int = 0


@dataclass(frozen=True, slots=True)
class DemoAllowance:
    """Included volume: usage kind, amount, zone classes (empty = all but international)."""

    usage_kind: str
    amount: int
    zone_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """What a plan provides; speeds down and up in kbit/s."""

    code: str
    name_ru: str
    name_en: str
    kind: str
    speeds: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DemoPackage:
    """A package with its only version, held for so many days or until it is taken off."""

    code: str
    name_ru: str
    name_en: str
    fee: Decimal
    fee_period: str
    allowance: DemoAllowance
    services: tuple[str, ...]
    validity_days: int | None = None


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A plan with its only version."""

    code: str
    name_ru: str
    name_en: str
    service: str
    account_kind: str
    audience: str
    fee: Decimal
    decks: tuple[tuple[str, str], ...]
    allowances: tuple[DemoAllowance, ...] = ()
    fee_period: str = "month"
    fee_timing: str = "advance"
    connection_price: Decimal = Decimal(0)
    tax_included: bool = True
    speed_kbps: int | None = None
    products: tuple[str, ...] = ()
    is_archived: bool = False


def _money(text: str) -> Decimal:
    return Decimal(text)


def _price(zone_class: str, prices: str, connection: str = "0") -> DemoPrice:
    day, evening, weekend = (Decimal(part) for part in prices.split())
    return DemoPrice(zone_class, day, evening, weekend, Decimal(connection))


DECKS: Final = (
    DemoDeck(
        "voice-mobile", "Голос, мобильная связь", "voice", 60, 60, 60,
        (_price("local", "1.80 1.50 1.50"), _price("long_distance", "4.50 3.50 3.50"),
         _price("international", "35 30 30", "2.50"), _price("free", "0 0 0")),
        grace_units=2,
    ),
    DemoDeck(
        "voice-mobile-seconds", "Голос посекундно", "voice", 60, 1, 1,
        (_price("local", "2.40 2.40 1.80"), _price("long_distance", "6.00 6.00 4.80"),
         _price("international", "45 45 45", "3.00"), _price("free", "0 0 0")),
    ),
    DemoDeck(
        "voice-fixed", "Голос, городской телефон", "voice", 60, 60, 60,
        (_price("local", "0.60 0.45 0.45"), _price("long_distance", "3.20 2.40 2.00"),
         _price("international", "24.50 21 18", "1.50"), _price("free", "0 0 0")),
        free_units=5,
    ),
    DemoDeck(
        "sms", "Сообщения", "sms", 1, 1, 1,
        (_price("local", "2.50 2.50 2.50"), _price("long_distance", "2.90 2.90 2.90"),
         _price("international", "8.50 8.50 8.50"), _price("free", "0 0 0")),
    ),
    DemoDeck("data", "Мобильный интернет", "data", MIB, 102_400, 102_400,
             (_price("", "0.35 0.35 0.35"),)),
    DemoDeck("home-internet", "Домашний интернет, без учёта объёма", "session", MIB, 1, 1,
             (_price("", "0 0 0"),)),
)  # fmt: skip

_MOBILE_DECKS: Final = (("voice", "voice-mobile"), ("sms", "sms"), ("data", "data"))

PLANS: Final = (
    DemoPlan("shore", "Берег", "Shore", "mobile", "prepaid", "person", _money("0"),
             (("voice", "voice-mobile-seconds"), ("sms", "sms"), ("data", "data")),
             connection_price=_money("150")),
    DemoPlan("wave", "Волна", "Wave", "mobile", "prepaid", "all", _money("390"), _MOBILE_DECKS,
             (DemoAllowance("voice", 300 * 60), DemoAllowance("sms", 100), DemoAllowance("data", 10 * GIB))),
    DemoPlan("storm", "Шторм", "Storm", "mobile", "prepaid", "person", _money("690"), _MOBILE_DECKS,
             (DemoAllowance("voice", 900 * 60), DemoAllowance("sms", 300), DemoAllowance("data", 40 * GIB))),
    DemoPlan("compass", "Компас", "Compass", "mobile", "postpaid", "person", _money("590"), _MOBILE_DECKS,
             (DemoAllowance("voice", 600 * 60), DemoAllowance("sms", 200), DemoAllowance("data", 25 * GIB))),
    DemoPlan("fairway", "Бизнес Фарватер", "Business Fairway", "mobile", "postpaid", "company",
             _money("750"), _MOBILE_DECKS,
             (DemoAllowance("voice", 1000 * 60), DemoAllowance("data", 20 * GIB)), tax_included=False),
    DemoPlan("city-prepaid", "Городской", "City", "fixed", "prepaid", "person", _money("260"),
             (("voice", "voice-fixed"),), (DemoAllowance("voice", 120 * 60, ("local",)),)),
    DemoPlan("city-postpaid", "Городской плюс", "City Plus", "fixed", "postpaid", "person",
             _money("420"), (("voice", "voice-fixed"),), (DemoAllowance("voice", 600 * 60, ("local",)),),
             fee_timing="arrears"),
    DemoPlan("office", "Офис", "Office", "fixed", "", "company", _money("650"),
             (("voice", "voice-fixed"),), tax_included=False),
    DemoPlan("home-100", "Дом 100", "Home 100", "internet", "", "all", _money("550"),
             (("session", "home-internet"),), speed_kbps=100_000, products=("access-100",)),
    DemoPlan("home-300", "Дом 300", "Home 300", "internet", "", "all", _money("690"),
             (("session", "home-internet"),), speed_kbps=300_000, products=("access-300",)),
    DemoPlan("home-500", "Дом 500", "Home 500", "internet", "", "all", _money("890"),
             (("session", "home-internet"),), speed_kbps=500_000, products=("access-500",)),
    DemoPlan("tv", "Ладога ТВ", "Ladoga TV", "iptv", "", "all", _money("290"), (), products=("tv-120",)),
    DemoPlan("router", "Роутер", "Router", "equipment", "", "all", _money("90"), (), products=("router",)),
    DemoPlan("surf", "Прибой", "Surf", "mobile", "prepaid", "person", _money("250"), _MOBILE_DECKS,
             (DemoAllowance("voice", 100 * 60),), is_archived=True),
)  # fmt: skip

#: What home internet, television and rented equipment consist of.
PRODUCTS: Final = (
    DemoProduct("access-100", "Доступ 100 Мбит/с", "Access 100 Mbit/s", "internet", (100_000, 100_000)),
    DemoProduct("access-300", "Доступ 300 Мбит/с", "Access 300 Mbit/s", "internet", (300_000, 300_000)),
    DemoProduct("access-500", "Доступ 500 Мбит/с", "Access 500 Mbit/s", "internet", (500_000, 500_000)),
    DemoProduct("tv-120", "120 каналов", "120 channels", "iptv"),
    DemoProduct("router", "Роутер в аренду", "Rented router", "equipment"),
)  # fmt: skip

PACKAGES: Final = (
    DemoPackage("more-5", "Ещё 5 ГБ", "5 GB more", _money("150"), "once",
                DemoAllowance("data", 5 * GIB), ("mobile",), 30),
    DemoPackage("world-60", "60 минут за границу", "60 minutes abroad", _money("290"), "month",
                DemoAllowance("voice", 60 * 60, ("international",)), ("mobile", "fixed")),
)  # fmt: skip

#: A bundle: code, names, the plans in it, its price.
BUNDLE: Final = (
    "home-tv", "Дом и телевидение", "Home and television", ("home-300", "tv"), _money("890"),
)  # fmt: skip

#: Fee of a move to a cheaper plan, and the days on a plan before it may be changed.
MOVE_DOWN: Final = _money("100")
MOVE_AFTER_DAYS: Final = 5

#: Sources of usage: code, name, format.
SOURCES: Final = (
    ("msc-1", "Коммутатор мобильной связи", "asterisk"),
    ("ats-spb", "АТС Санкт-Петербург", "asterisk"),
    ("smsc-1", "Центр сообщений", "retel_csv"),
    ("ggsn-1", "Узел мобильного интернета", "retel_csv"),
    ("bras-1", "Узел доступа в интернет", "retel_csv"),
)
