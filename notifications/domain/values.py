"""
From an event's plain data to the words of a message, in the recipient's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from notifications.domain import formatting

LANGUAGES: Final = ("ru", "en")

SERVICES: Final[Mapping[tuple[str, str], str]] = {
    ("ru", "mobile"): "мобильная связь",
    ("ru", "fixed"): "домашний телефон",
    ("ru", "internet"): "интернет",
    ("ru", "iptv"): "телевидение",
    ("ru", "equipment"): "аренда оборудования",
    ("en", "mobile"): "mobile",
    ("en", "fixed"): "fixed telephony",
    ("en", "internet"): "internet",
    ("en", "iptv"): "television",
    ("en", "equipment"): "rented equipment",
}
#: (language, level): what a service may do now.
ACCESS: Final[Mapping[tuple[str, str], str]] = {
    ("ru", "open"): "Услуга работает без ограничений.",
    (
        "ru",
        "bar_long_distance",
    ): "Междугородные и международные звонки отключены, местные работают.",
    ("ru", "slow"): "Интернет работает медленнее, до {speed}.",
    ("ru", "suspended"): "Услуга приостановлена.",
    ("en", "open"): "The service works without limits.",
    ("en", "bar_long_distance"): "Long-distance and international calls are off, local calls work.",
    ("en", "slow"): "The internet is slower, up to {speed}.",
    ("en", "suspended"): "The service is suspended.",
}
#: (language, level): what a payment brings back.
REMEDY: Final[Mapping[tuple[str, str], str]] = {
    ("ru", "bar_long_distance"): "звонки вернутся сразу",
    ("ru", "slow"): "скорость вернётся сразу",
    ("ru", "suspended"): "услуга заработает сразу",
    ("en", "bar_long_distance"): "the calls are back at once",
    ("en", "slow"): "the speed is back at once",
    ("en", "suspended"): "the service works again at once",
}
#: (language, sort of bonus): the charges it pays.
PAYS: Final[Mapping[tuple[str, str], str]] = {
    ("ru", "any"): "любые начисления",
    ("ru", "fees"): "абонентскую плату",
    ("ru", "usage"): "звонки, SMS и интернет",
    ("en", "any"): "any charges",
    ("en", "fees"): "subscription fees",
    ("en", "usage"): "calls, messages and internet",
}
#: (language, period of a fee): so much for how long.
PER: Final[Mapping[tuple[str, str], str]] = {
    ("ru", "month"): "{fee} в месяц",
    ("ru", "day"): "{fee} в день",
    ("en", "month"): "{fee} per month",
    ("en", "day"): "{fee} per day",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a message is for: how they are called, their account, language, time zone."""

    customer_id: int
    name: str
    email: str
    language: str
    time_zone: str
    account_number: str = ""
    currency: str = "RUB"


@dataclass(frozen=True, slots=True)
class _Context:
    """The person's ways of writing."""

    person: Person
    language: str
    this_year: int

    def money(self, value: object) -> str:
        """An amount, out of text or a number."""
        return formatting.format_money(
            Decimal(str(value)), currency=self.person.currency, language=self.language
        )

    def owed(self, value: object) -> str:
        """An amount to pay; nothing to pay is nothing to say."""
        return self.money(value) if Decimal(str(value)) > 0 else ""

    def top_up(self, value: object) -> str:
        """An amount to ask for: whole, upwards."""
        return self.owed(formatting.round_up(Decimal(str(value))))

    def day(self, value: object) -> str:
        """A day, out of an ISO date or moment (in the person's time zone)."""
        text = str(value)
        if len(text) > 10:
            return self.moment(text).partition(" ")[0]
        day = date.fromisoformat(text)
        return formatting.format_date(day, language=self.language, this_year=self.this_year)

    def moment(self, value: object) -> str:
        """A moment, out of an ISO text with its offset."""
        return formatting.format_moment(
            datetime.fromisoformat(str(value)),
            language=self.language,
            time_zone=self.person.time_zone,
            this_year=self.this_year,
        )

    def size(self, value: object) -> str:
        """An amount without its sign: «reversed: 100 ₽»."""
        return self.money(abs(Decimal(str(value))))

    def text(self, value: object) -> str:
        """Words as they are."""
        return str(value)

    def phone(self, value: object) -> str:
        """A number or a login."""
        return formatting.format_phone(str(value))

    def speed(self, value: object) -> str:
        """A speed out of kbit/s."""
        return formatting.format_speed(int(str(value)), language=self.language)

    def service(self, value: object) -> str:
        """The service's name."""
        return SERVICES.get((self.language, str(value)), str(value))


#: variable -> (names it has in events' data, the first there wins; how it is written).
SOURCES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[_Context, object], str]]]] = {
    "amount": (("amount", "total", "gross"), _Context.money),
    "balance": (("balance", "money"), _Context.money),
    "paid": (("paid",), _Context.money),
    "limit": (("limit",), _Context.money),
    "limit_before": (("before",), _Context.money),
    "price": (("price",), _Context.owed),
    "spent": (("spent",), _Context.money),
    "fee": (("fee", "fee_after", "new_fee"), _Context.money),
    "to_pay": (("closing", "to_pay"), _Context.owed),
    "top_up": (("to_open",), _Context.top_up),
    "due": (("due_at",), _Context.moment),
    "due_date": (("due_on", "due_date", "pay_until"), _Context.day),
    "from_date": (("effective_on", "active_from", "starts_on", "from_date"), _Context.day),
    "until": (("ends_on", "expires_on"), _Context.day),
    "number": (("number",), _Context.text),
    "bill": (("bill",), _Context.text),
    "link": (("link",), _Context.text),
    "reason": (("reason",), _Context.text),
    "identifier": (("identifier",), _Context.phone),
    "former": (("former",), _Context.phone),
    "speed": (("speed_kbps",), _Context.speed),
    "service": (("service",), _Context.service),
}


def build_values(
    data: Mapping[str, Any], *, person: Person, happened_at: datetime
) -> dict[str, str]:
    """
    Return variable -> text for everything the event's data tell; what they don't is left out.

    A value that can't be read (an amount that is no number) is left out too.
    """
    language = person.language if person.language in LANGUAGES else LANGUAGES[0]
    context = _Context(person, language, this_year=happened_at.year)
    moment = happened_at.isoformat()
    values = {
        "name": person.name,
        "account": person.account_number,
        "date": context.day(moment),
        "moment": context.moment(moment),
        "plan": str(data.get(f"plan_{language}") or data.get("plan") or ""),
        "period": _period(data, context),
        "about": _named(data, language),
        "pays": PAYS.get((language, str(data.get("pays", ""))), ""),
    }
    for variable, (keys, write) in SOURCES.items():
        raw = next((data[key] for key in keys if data.get(key) not in (None, "")), None)
        if raw is not None:
            values[variable] = _written(write, context, raw)
    values.update(_access_words(data, language, values.get("speed", "")))
    values.update(_allowance_words(data, context))
    values["cost"] = _cost(data, context)
    return {variable: text for variable, text in values.items() if text}


def _named(data: Mapping[str, Any], language: str) -> str:
    """What the event is about, or what it is called."""
    keys = (f"about_{language}", f"name_{language}", "about")
    return next((str(data[key]) for key in keys if data.get(key)), "")


def _cost(data: Mapping[str, Any], context: _Context) -> str:
    """A fee and for how long; nothing where there is none."""
    fee = _written(_Context.owed, context, data["fee"]) if data.get("fee") else ""
    per = PER.get((context.language, str(data.get("fee_period", ""))), "")
    return per.format(fee=fee) if fee and per else ""


def _written(write: Callable[[_Context, object], str], context: _Context, raw: object) -> str:
    try:
        return write(context, raw)
    except (ValueError, InvalidOperation):
        return ""


def _period(data: Mapping[str, Any], context: _Context) -> str:
    """The month or span a bill is for: from its first to its last day."""
    try:
        first = date.fromisoformat(str(data.get("period_start", "")))
        end = date.fromisoformat(str(data.get("period_end", "")))
    except ValueError:
        return ""
    last = date.fromordinal(end.toordinal() - 1)
    days = [
        formatting.format_date(day, language=context.language, this_year=context.this_year)
        for day in (first, last)
    ]
    return " – ".join(days)


def _allowance_words(data: Mapping[str, Any], context: _Context) -> dict[str, str]:
    """What an allowance includes, and what is left of it: minutes, messages, volume or money."""
    kind = "money" if data.get("is_money") else str(data.get("usage_kind", ""))
    words = {}
    for variable in ("included", "left"):
        units = data.get(variable)
        if kind and isinstance(units, int):
            amount = Decimal(units) / 100
            words[variable] = (
                context.money(amount)
                if kind == "money"
                else formatting.format_usage(units, kind=kind, language=context.language)
            )
    return words


def _access_words(data: Mapping[str, Any], language: str, speed: str) -> dict[str, str]:
    key = (language, str(data.get("level", "")))
    return {
        "access": ACCESS.get(key, "").replace("{speed}", speed),
        "remedy": REMEDY.get(key, ""),
    }
