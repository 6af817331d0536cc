"""
A few customers of the demo whose story is told: a household, a company with units, what they ask.

Everything is done by the product's own operations, as the desk would do it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.models import Account, Contract, Customer, LegalEntity, Subscription, User
from accounts.operations import companies, households
from billing_project.demo.people import DemoService
from crm.operations import notes, tickets
from dunning.operations import disputes
from invoicing import operations as invoicing_operations
from invoicing.models import BillLine
from invoicing.operations.notes import NoteDraft, issue_note
from tariffs.models import BundleVersion, PlanVersion

ACTOR: Final = "system:demo"
SIGN_IN_BY: Final = "ladoga-abonent"
ADDRESS: Final = "г. Санкт-Петербург, ул. Приозёрная, д. 12, кв. 48"
#: How many numbers of each kind are free.
FREE_NUMBERS: Final = 50
OFFICE: Final = "г. Санкт-Петербург, наб. Причальная, д. 3"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the household: role, names, born, kind of account, plans."""

    role: str
    names: tuple[str, str, str]
    born: date
    kind: str
    plans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the company: kind, name, cost centre, plans, beneath which unit, billed apart."""

    kind: str
    name: str
    cost_centre: str
    plans: tuple[str, ...]
    beneath: str = ""
    is_billed_apart: bool = False


HOUSEHOLD: Final = (
    Person("owner", ("Озеров", "Павел", "Андреевич"), date(1981, 4, 17), "postpaid", ("home-300", "tv", "router")),
    Person("payer", ("Озерова", "Марина", "Сергеевна"), date(1983, 9, 2), "postpaid", ("compass",)),
    Person("user", ("Озерова", "Валентина", "Петровна"), date(1955, 1, 30), "prepaid", ("city-prepaid",)),
    Person("child", ("Озеров", "Глеб", "Павлович"), date(2013, 6, 11), "prepaid", ("wave",)),
)  # fmt: skip
COMPANY: Final = ("ООО «Невский причал»", "7839000420", "783901001")
UNITS: Final = (
    Unit("", "", "", ("home-500", "office")),
    Unit("department", "Отдел продаж", "ЦЗ-100", ("fairway", "fairway", "fairway")),
    Unit("department", "Склад", "ЦЗ-200", ("fairway",)),
    Unit("department", "Бухгалтерия", "ЦЗ-300", ("office",)),
    Unit("branch", "Филиал в Выборге", "ЦЗ-400", ("home-100", "office")),
    Unit("department", "Касса в Выборге", "ЦЗ-410", ("fairway",), "Филиал в Выборге"),
    Unit("branch", "Филиал в Мурманске", "ЦЗ-500", ("fairway", "home-100"), is_billed_apart=True),
)  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """Numbers and logins after those that others of the demo have."""

    mobile: int
    fixed: int
    login: int = 900_000

    def next_of(self, service: str) -> tuple[str, str] | None:
        """Return (kind, value) of the next number or login; None where a service has none."""
        if service == "mobile":
            self.mobile += 1
            return "msisdn", str(self.mobile)
        if service == "fixed":
            self.fixed += 1
            return "fixed", str(self.fixed)
        if service == "internet":
            self.login += 1
            return "login", f"lad{self.login:06d}"
        return None


@dataclass(slots=True)
class Stories:
    """What was made: accounts by who has them, services with numbers, log-ins."""

    entity: LegalEntity
    versions: Mapping[str, PlanVersion]
    numbers: Numbers
    began_at: datetime
    accounts: dict[str, Account] = field(default_factory=dict)
    services: list[DemoService] = field(default_factory=list)
    logins: list[tuple[str, str, str]] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, Any]:
        """When, and by whom."""
        return {"now": self.began_at, "actor": ACTOR}


def begin_stories(stories: Stories) -> None:
    """Write the people, their accounts and services; `stories` knows them afterwards."""
    _begin_household(stories)
    _begin_company(stories)
    _leave_free(stories)


def _begin_household(stories: Stories) -> None:
    home: Customer | None = None
    for place, one in enumerate(HOUSEHOLD):
        last_name, first_name, middle_name = one.names
        person = accounts_operations.create_person(
            last_name=last_name,
            first_name=first_name,
            middle_name=middle_name,
            birth_date=one.born,
            phone=f"7911700001{place}",
            email=f"ozerov{place}@example.ru" if one.role != "child" else "",
            region="Санкт-Петербург",
            address=ADDRESS,
            **stories.said,
        )
        account = _open(stories, _sign(stories, person), person, kind=one.kind)
        stories.accounts[one.role] = account
        _connect(stories, account, one.plans, address=ADDRESS)
        if home is None:
            home = households.create_household(
                owner_id=person.pk, name="Семья Озеровых", **stories.said
            )
        else:
            households.add_person(
                household_id=home.pk, person_id=person.pk, role=one.role, **stories.said
            )
        _let_in(stories, one.role, f"account, household's {one.role}")
    invoicing_operations.buy_bundle(
        account_id=stories.accounts["owner"].pk,
        bundle_version_id=BundleVersion.objects.get().pk,
        door="crm",
        **stories.said,
    )


def _begin_company(stories: Stories) -> None:
    name, inn, kpp = COMPANY
    root = accounts_operations.create_company(
        name=name,
        inn=inn,
        kpp=kpp,
        phone="78127000001",
        email="buh@prichal.example",
        region="Санкт-Петербург",
        address=OFFICE,
        **stories.said,
    )
    contract, units = _sign(stories, root), {"": root}
    for unit in UNITS:
        if unit.name:
            units[unit.name] = companies.add_unit(
                parent_id=units[unit.beneath].pk,
                name=unit.name,
                kind=unit.kind,
                cost_centre=unit.cost_centre,
                is_billed_apart=unit.is_billed_apart,
                **stories.said,
            )
        account = _open(stories, contract, units[unit.name], kind="postpaid")
        stories.accounts[unit.name or "company"] = account
        _connect(stories, account, unit.plans, address=OFFICE)
    _let_in(stories, "company", "account, company with units")


def _sign(stories: Stories, customer: Customer) -> Contract:
    return accounts_operations.sign_contract(
        customer=customer,
        legal_entity=stories.entity,
        signed_on=timezone.localdate(stories.began_at),
        **stories.said,
    )


def _open(stories: Stories, contract: Contract, customer: Customer, *, kind: str) -> Account:
    return accounts_operations.open_account(
        contract=contract,
        customer=customer,
        kind=kind,
        on=timezone.localdate(stories.began_at),
        credit_limit=Decimal(3000 if kind == "postpaid" else 0),
        **stories.said,
    )


def _connect(
    stories: Stories, account: Account, plans: tuple[str, ...], *, address: str
) -> list[Subscription]:
    connected = []
    for code in plans:
        version = stories.versions[code]
        service = version.plan.service
        number = stories.numbers.next_of(service)
        if number is not None:
            accounts_operations.add_pool_numbers(kind=number[0], values=[number[1]])
            stories.services.append(DemoService(service, code, *number))
        ordered = accounts_operations.order_service(
            account=account,
            service=service,
            plan_version=version,
            identifiers=[number] if number else [],
            address="" if service == "mobile" else address,
            **stories.said,
        )
        connected.append(
            accounts_operations.activate_service(subscription_id=ordered.pk, **stories.said)
        )
    return connected


def _leave_free(stories: Stories) -> None:
    """Numbers for the desk to give out."""
    for kind, last in (("msisdn", stories.numbers.mobile), ("fixed", stories.numbers.fixed)):
        accounts_operations.add_pool_range(
            kind=kind, first=str(last + 1), last=str(last + FREE_NUMBERS)
        )


def _let_in(stories: Stories, who: str, what: str) -> None:
    account = stories.accounts[who]
    login = f"c{account.customer_id}"
    stories.users[who] = User.objects.create_user(
        login, SIGN_IN_BY, kind=User.Kind.SUBSCRIBER, customer_id=account.customer_id
    )
    stories.logins.append((what, account.number, SIGN_IN_BY))


def end_stories(stories: Stories, *, now: datetime, agent: User) -> None:
    """What they ask today: a dispute, a note for an outage, tickets; bills have to stand for some."""
    _dispute(stories, now=now)
    _credit(stories, now=now, agent=agent)
    _tickets(stories, now=now, agent=agent)
    notes.write_note(
        customer_id=stories.accounts["company"].customer_id,
        account_id=stories.accounts["company"].pk,
        kind="call_in",
        text="Акты и счета просят присылать до пятого числа, печатные — в офис на Причальной.",
        now=now,
        actor=agent.actor,
    )


def _dearest_line(account: Account) -> BillLine | None:
    """The line of the last bill that cost most; of usage if there is any."""
    sold = BillLine.objects.filter(account_id=account.pk, kind__in=["usage", "fee"], gross__gt=0)
    return sold.order_by("-bill_id", "-kind", "-gross", "pk").first()


def _dispute(stories: Stories, *, now: datetime) -> None:
    payer = stories.accounts["payer"]
    line = _dearest_line(payer)
    if line is None:
        return
    disputes.raise_dispute(
        claim=disputes.Claim(
            account_id=payer.pk,
            bill_line_id=line.pk,
            reason="Не согласна с этой строкой: в эти дни мы были на даче, проверьте, пожалуйста.",
            request_id="demo-dispute",
        ),
        business_date=timezone.localdate(now),
        now=now,
        actor=stories.users["payer"].actor,
    )


def _credit(stories: Stories, *, now: datetime, agent: User) -> None:
    line = _dearest_line(stories.accounts["Склад"])
    if line is None:
        return
    issue_note(
        draft=NoteDraft(
            bill_id=line.bill_id,
            kind="credit_note",
            parts=[(line.pk, min(line.gross, Decimal("60.00")))],
            reason="Сутки без связи на складе после аварии на линии",
            request_id="demo-note",
        ),
        limit=Decimal(500),
        business_date=timezone.localdate(now),
        now=now,
        actor=agent.actor,
    )


def _tickets(stories: Stories, *, now: datetime, agent: User) -> None:
    asked = tickets.open_ticket(
        customer_id=stories.accounts["company"].customer_id,
        subject="Акт за прошлый месяц",
        text="Здравствуйте! Пришлите, пожалуйста, акт с разбивкой по подразделениям.",
        request_id="demo-ticket-act",
        now=now - timedelta(hours=5),
        actor=stories.users["company"].actor,
    )
    tickets.write(
        ticket_id=asked.pk,
        text="Добрый день! Акт и сводный счёт лежат в личном кабинете, раздел «Платежи».",
        now=now - timedelta(hours=3),
        actor=agent.actor,
    )
    tickets.open_ticket(
        customer_id=stories.accounts["owner"].customer_id,
        subject="Вечером пропадает телевидение",
        text="После девяти вечера картинка рассыпается на всех каналах, интернет при этом работает.",
        request_id="demo-ticket-tv",
        now=now - timedelta(hours=2),
        actor=stories.users["owner"].actor,
    )
