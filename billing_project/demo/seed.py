"""
Sets the demo operator up: catalogue, people, money, files of the switches, the months before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from django.contrib.auth.models import Group
from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Account, Customer, Subscription, User
from billing_project import night_steps
from billing_project.demo.credit import trust
from billing_project.demo.establish import ZONE, Established, establish, midnight, noon
from billing_project.demo.people import (
    FIXED_BASE,
    MOBILE_BASE,
    DemoAccount,
    draw_people,
)
from billing_project.demo.sell import create_operator, put_on_sale
from billing_project.demo.stories import Numbers, Stories, begin_stories, end_stories
from billing_project.demo.usage import Lines, Written, days_before, write_usage
from billing_project.kernel import operations as kernel_operations
from billing_project.kernel.periods import Period, add_months, month_of

ACTOR: Final = "system:demo"
Tell = Callable[[str], None]

# Prepaid: enough for the fee, the debt and some talk; postpaid: what is owed. Some don't pay at all.
PAYMENTS: Final = f"""
    SELECT p.account_id, p.amount, p.gateway, 'demo-' || p.account_id || '-' || %(first)s,
           (%(first)s::date + p.day + time '10:00') AT TIME ZONE %(zone)s
               + make_interval(mins => p.h %% 700),
           %(first)s::date + p.day, ''
      FROM (SELECT m.account_id, d.h, d.h / 128 %% %(days)s AS day,
                   (ARRAY['terminal', 'card', 'card', 'cash'])[1 + d.h %% 4] AS gateway,
                   CASE a.kind WHEN 'postpaid' THEN 10 * ceil(-m.money / 10)
                        ELSE 50 * ceil((f.fee + 60 + d.h / 32 %% 7 * 50 - m.money) / 50) END
                       AS amount
              FROM ({accounts_queries.MONEY_SQL}) AS m
              JOIN accounts_account a ON a.id = m.account_id
              JOIN (SELECT p.account_id, sum(v.fee) AS fee
                      FROM accounts_planassignment p
                      JOIN tariffs_planversion v ON v.id = p.plan_version_id
                     GROUP BY p.account_id) AS f ON f.account_id = a.id
              CROSS JOIN LATERAL (SELECT abs(hashint8(
                  a.id * 7919 + (%(first)s::date - date '2000-01-01') + %(seed)s))::int AS h) AS d
           ) AS p
     WHERE p.amount > 0 AND p.h / 4 %% 100 < 91
"""


class UnableToSeed(Exception):
    """There are customers already; the demo goes into an empty installation only."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made."""

    customers: int
    accounts: int
    services: int
    payments: int
    usage: Written
    logins: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How large the demo is, which days it spans, and where files go."""

    subscribers: int
    days: int
    seed: int
    last_day: date
    now: datetime
    usage_dir: Path
    per_day: float = 1.0
    with_history: bool = True

    @property
    def period(self) -> Period:
        """The days with usage."""
        return days_before(self.last_day, self.days)


def seed_demo(*, wishes: Wishes, tell: Tell) -> Seeded:
    """Make the demo operator in an empty installation; the same wishes make the same operator."""
    if Customer.objects.exists():
        raise UnableToSeed
    first_day = wishes.period.start
    kernel_operations.ensure_months(first=add_months(first_day, -1), last=wishes.last_day)
    with transaction.atomic():
        tell("catalogue")
        opened_at = midnight(first_day - timedelta(days=60))
        versions = put_on_sale(now=opened_at)
        trust(now=opened_at, actor=ACTOR)
        tell("people")
        customers, accounts = draw_people(
            count=wishes.subscribers, seed=wishes.seed, first_day=first_day
        )
        entity = create_operator()
        ids = establish(
            customers=customers,
            accounts=accounts,
            entity=entity,
            versions=versions,
            first_day=first_day,
        )
        tell("money")
        accounts_operations.open_balances()
        _open_with(accounts, ids, on=first_day, now=wishes.now)
        logins = _logins(ids, accounts)
        tell("a household and a company with units")
        stories = Stories(entity, versions, _numbers_after(accounts), began_at=noon(first_day))
        begin_stories(stories)
    _analyze()
    tell("files of the switches")
    usage = _write_files(_lines(accounts, stories), wishes)
    payments = _live_through(wishes, tell)
    end_stories(stories, now=wishes.now, agent=User.objects.get(login="agent"))
    return Seeded(
        Customer.objects.count(),
        Account.objects.count(),
        Subscription.objects.count(),
        payments,
        usage,
        logins + stories.logins,
    )


def _open_with(accounts: list[DemoAccount], ids: Established, *, on: date, now: datetime) -> None:
    """Carry over the balances that people came with."""
    numbers = [ids.first_account + place for place in range(len(accounts))]
    amounts = [account.opening for account in accounts]
    accounts_operations.post_many(
        source_sql="""
            SELECT o.account_id, 1, o.amount, %(on)s::date, NULL::bigint, NULL::jsonb
              FROM unnest(%(ids)s::bigint[], %(amounts)s::numeric[]) AS o (account_id, amount)
        """,
        params={"on": on, "ids": numbers, "amounts": amounts},
        kind=Kind.OPENING,
        now=now,
        actor=ACTOR,
    )


def _pay(wishes: Wishes, part: Period) -> int:
    """Let people pay in the month, by what they owe when it begins."""
    params = {
        "zone": str(ZONE),
        "first": part.start,
        "days": min(part.days, 27),
        "seed": wishes.seed,
    }
    return accounts_operations.take_payments(
        source_sql=PAYMENTS, params=params, now=wishes.now, actor=ACTOR, announce=False
    )


def _logins(ids: Established, accounts: list[DemoAccount]) -> list[tuple[str, str, str]]:
    """Make the staff and let the first few subscribers sign in by password."""
    made = []
    staff = (
        ("agent", "Агентова Анна", "agent"),
        ("cashier", "Кассирова Клара", "cashier"),
        ("accountant", "Балансова Берта", "accountant"),
        ("admin", "Админов Арсений", "administrator"),
    )
    for login, name, role in staff:
        password = f"ladoga-{login}"
        user = User.objects.create_user(
            login, password, kind=User.Kind.STAFF, full_name=name, is_superuser=False
        )
        user.groups.add(Group.objects.get(name=role))
        made.append((f"CRM, {role}", login, password))
    seen: set[str] = set()
    for place, account in enumerate(accounts):
        what = f"{account.kind} {account.services[0].service}"
        if what in seen:
            continue
        seen.add(what)
        customer_id = ids.first_customer + account.customer
        login = f"c{customer_id}"
        if not User.objects.filter(login=login).exists():
            User.objects.create_user(
                login, "ladoga-abonent", kind=User.Kind.SUBSCRIBER, customer_id=customer_id
            )
        made.append(
            (f"account, {what}", _account_number(ids.first_account + place), "ladoga-abonent")
        )
    return made


def _account_number(account_id: int) -> str:
    return Account.objects.get(pk=account_id).number


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _numbers_after(accounts: list[DemoAccount]) -> Numbers:
    last = {"msisdn": MOBILE_BASE, "fixed": FIXED_BASE, "login": 0}
    for service in chain.from_iterable(account.services for account in accounts):
        if service.identifier.isdigit():
            kind = service.identifier_kind
            last[kind] = max(last[kind], int(service.identifier))
    return Numbers(mobile=last["msisdn"], fixed=last["fixed"])


def _lines(accounts: list[DemoAccount], stories: Stories) -> Lines:
    of_kind: dict[str, list[str]] = {"msisdn": [], "fixed": [], "login": []}
    for service in chain(stories.services, *(account.services for account in accounts)):
        of_kind[service.identifier_kind].append(service.identifier)
    return Lines(
        mobile=np.array(of_kind["msisdn"], dtype=np.int64),
        fixed=np.array(of_kind["fixed"], dtype=np.int64),
        logins=of_kind["login"],
    )


def _write_files(lines: Lines, wishes: Wishes) -> Written:
    """Write the files of each month into a folder of its own, those of the last where the night looks."""
    total = Written(0, 0)
    for part in _months(wishes):
        written = write_usage(
            folder=_folder(wishes, part),
            lines=lines,
            period=part,
            per_day=wishes.per_day,
            seed=wishes.seed * 100_000 + part.start.toordinal(),
        )
        total = Written(total.files + written.files, total.lines + written.lines)
    return total


def _months(wishes: Wishes) -> list[Period]:
    """Cut the demo's days at the ends of months; the night closes the last part."""
    if not wishes.with_history:
        return [wishes.period]
    parts, start = [], wishes.period.start
    while start < wishes.period.end:
        end = min(month_of(start).end, wishes.period.end)
        parts.append(Period(start, end))
        start = end
    return parts


def _folder(wishes: Wishes, part: Period) -> Path:
    if part.end == wishes.period.end:
        return wishes.usage_dir
    return wishes.usage_dir.with_name(f"{wishes.usage_dir.name}-{part.start:%Y-%m}")


def _live_through(wishes: Wishes, tell: Tell) -> int:
    """Let every month pass: people pay, and its last day is closed as the night then did."""
    payments = 0
    for part in _months(wishes):
        payments += _pay(wishes, part)
        if part.end < wishes.period.end:
            tell(f"night of {part.last_day:%d.%m.%Y}")
            night_steps.close_day(
                business_date=part.last_day,
                now=datetime.combine(part.end, time(1), tzinfo=ZONE),
                folder=_folder(wishes, part),
                actor=ACTOR,
            )
    return payments
