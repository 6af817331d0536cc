"""
The demo operator's customers as columns: who they are, which accounts and services they have.

Drawn from a seeded generator; nothing here touches the database.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from billing_project.demo import names

MOBILE_BASE: Final = 79_005_500_000
FIXED_BASE: Final = 78_126_000_000
#: Shares of the four classic kinds of account, in this order.
KINDS: Final = (
    ("prepaid", "mobile", 0.40),
    ("postpaid", "mobile", 0.18),
    ("prepaid", "fixed", 0.22),
    ("postpaid", "fixed", 0.20),
)


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """One customer, ready to be written down."""

    kind: str
    name: str
    parts: tuple[str, str, str]
    inn: str
    phone: str
    email: str
    region: str
    address: str
    birth_date: date | None
    since: date


@dataclass(frozen=True, slots=True)
class DemoService:
    """One service: `plan` is a code of `catalogue.PLANS`, `identifier` its number or login."""

    service: str
    plan: str
    identifier_kind: str
    identifier: str


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account of customer number `customer`, with its services."""

    customer: int
    kind: str
    credit_limit: Decimal
    cycle_day: int
    opened_on: date
    services: tuple[DemoService, ...]
    opening: Decimal


def draw_people(
    *, count: int, seed: int, first_day: date
) -> tuple[list[DemoCustomer], list[DemoAccount]]:
    """Draw `count` customers, all connected before `first_day`, and their accounts."""
    rng = np.random.Generator(np.random.PCG64([seed, 1_000_003]))
    draws = rng.integers(0, 2**31, size=(count, 24))
    customers = [_customer(draw, number, first_day=first_day) for number, draw in enumerate(draws)]
    accounts: list[DemoAccount] = []
    used = _Numbers()
    for number, draw in enumerate(draws):
        is_company = customers[number].kind == "company"
        accounts.extend(
            _account(
                number,
                draw,
                kind=kind,
                used=used,
                since=customers[number].since,
                is_company=is_company,
            )
            for kind in _kinds_of(draw)
        )
    return customers, accounts


def _customer(draw: np.ndarray, number: int, *, first_day: date) -> DemoCustomer:
    is_company = draw[0] % 100 < 8
    person = names.person_from(draw[1:5])
    address, region = names.address_from(draw[5:9])
    since = first_day - timedelta(days=30 + int(draw[9]) % 1500)
    phone = f"7911{draw[10] % 10_000_000:07d}"
    mailbox = f"abonent{number + 1}@example.ru" if draw[11] % 10 < 8 else ""
    if is_company:
        return DemoCustomer(
            "company", names.company_from(draw[12:14]), ("", "", ""), _company_inn(draw[14]), phone,
            mailbox, region, address.rsplit(", кв.", 1)[0] + ", офис", None, since,
        )  # fmt: skip
    parts = (person.last_name, person.first_name, person.middle_name)
    born = date(1945, 1, 1) + timedelta(days=int(draw[15]) % 22_000)
    return DemoCustomer(
        "person", " ".join(parts), parts, "", phone, mailbox, region, address, born, since
    )


def _company_inn(draw: int) -> str:
    """Ten digits, the last a check digit, as the tax service counts it."""
    body = f"78{draw % 10_000_000:07d}"
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + str(total % 11 % 10)


def _kinds_of(draw: np.ndarray) -> list[tuple[str, str]]:
    share = (draw[16] % 10_000) / 10_000
    edge = 0.0
    chosen = KINDS[-1][:2]
    for money, line, weight in KINDS:
        edge += weight
        if share < edge:
            chosen = (money, line)
            break
    kinds = [chosen]
    if draw[17] % 100 < 12:
        kinds.append((chosen[0], "fixed" if chosen[1] == "mobile" else "mobile"))
    return kinds


class _Numbers:
    """Hands out numbers and logins one after another."""

    def __init__(self) -> None:
        self.mobile = 0
        self.fixed = 0
        self.login = 0

    def next_mobile(self) -> str:
        self.mobile += 1
        return str(MOBILE_BASE + self.mobile)

    def next_fixed(self) -> str:
        self.fixed += 1
        return str(FIXED_BASE + self.fixed)

    def next_login(self) -> str:
        self.login += 1
        return f"lad{self.login:06d}"


def _account(
    number: int,
    draw: np.ndarray,
    *,
    kind: tuple[str, str],
    used: _Numbers,
    since: date,
    is_company: bool,
) -> DemoAccount:
    money, line = kind
    services = (
        (_mobile(draw, money=money, used=used, is_company=is_company),)
        if line == "mobile"
        else _fixed(draw, money=money, used=used, is_company=is_company)
    )
    limit = Decimal(0) if money == "prepaid" else Decimal(1000 + int(draw[18]) % 5 * 500)
    opening = Decimal(int(draw[19]) % 90_000 - 6_000) / 100
    if money == "postpaid":
        opening = -Decimal(int(draw[19]) % 40_000) / 100
    cycle_day = 1 if draw[20] % 10 < 8 else int(draw[20]) % 28 + 1
    return DemoAccount(number, money, limit, cycle_day, since, services, opening)


def _mobile(draw: np.ndarray, *, money: str, used: _Numbers, is_company: bool) -> DemoService:
    if is_company:
        plan = "fairway" if money == "postpaid" else "wave"
    elif money == "postpaid":
        plan = "compass"
    else:
        plan = ("shore", "wave", "wave", "storm")[int(draw[21]) % 4]
    return DemoService("mobile", plan, "msisdn", used.next_mobile())


def _fixed(
    draw: np.ndarray, *, money: str, used: _Numbers, is_company: bool
) -> tuple[DemoService, ...]:
    phone = DemoService(
        "fixed", "office" if is_company else f"city-{money}", "fixed", used.next_fixed()
    )
    speed = ("home-100", "home-300", "home-500")[int(draw[22]) % 3]
    line = DemoService("internet", speed, "login", used.next_login())
    choice = int(draw[23]) % 10
    if choice < 5:
        return (phone, line)
    return (line,) if choice < 8 else (phone,)
