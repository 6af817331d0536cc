"""
How templates write amounts, days, numbers and icons. Languages and days come from the request's
activated language; the wording itself is plain Python in `portal.domain.wording`.
"""

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from portal.domain import icons, wording

register = template.Library()


def _language() -> str:
    return (get_language() or "ru")[:2]


@register.filter
def money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Write an amount: 1 234,50 ₽."""
    if amount is None:
        return ""
    return wording.money(Decimal(amount), currency=currency, language=_language())


@register.filter
def money_signed(amount: Decimal, currency: str = "RUB") -> str:
    """Write an amount with a plus if it is one."""
    return ("+" if amount > 0 else "") + money(amount, currency)


@register.filter
def money_in_text(amount: Decimal, currency: str = "RUB") -> str:
    """Write an amount inside a sentence."""
    return wording.format_money(Decimal(amount), currency=currency, language=_language())


@register.filter
def day(value: date | datetime | None, today: date | None = None) -> str:
    """Write a day: 22 ноября; the year unless it is that of `today`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return wording.day(value, language=_language(), today=today)


@register.filter
def moment(value: datetime | None, today: date | None = None) -> str:
    """Write a day and the time of the day."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{day(local.date(), today)}, {local:%H:%M}"


@register.filter
def month(value: date) -> str:
    """Write a month: ноябрь 2026."""
    return wording.month(value, language=_language())


@register.filter
def duration(seconds: int) -> str:
    """Write a length: 3 мин 20 с."""
    return wording.format_duration(int(seconds), language=_language())


@register.filter
def volume(size: int) -> str:
    """Write bytes: 1,5 МБ."""
    return wording.volume(int(size), language=_language())


@register.filter
def speed(kbps: int) -> str:
    """Write a speed: 100 Мбит/с."""
    return wording.speed(int(kbps), language=_language())


@register.filter
def phone(number: str) -> str:
    """Write a number: +7 912 345-67-89."""
    return wording.format_phone(str(number))


@register.filter
def account_number(number: str) -> str:
    """Write an account number in threes: 100 000 008."""
    return wording.NO_BREAK.join(number[start : start + 3] for start in range(0, len(number), 3))


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; it is decoration, the word stands beside it."""
    shape = mark_safe(icons.SHAPES[name])  # noqa: S308 - our own constants
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        shape,
    )
