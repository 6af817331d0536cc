"""
A year as it is lived: each act is done by the product's own operation and told to the plain books,
each night is the night of the product; after it both have to say the same, to the kopeck.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import Account, Contract, Customer, PackageAssignment, Subscription
from invoicing import operations
from invoicing import queries as invoicing_queries
from invoicing.models import Pause
from rating.models import UsageSource
from tariffs.models import PauseRule
from tests.integration.invoicing.household import ACTOR, make_entity
from tests.scenarios import plain_bills
from tests.scenarios.plain_books import PlainAccount, PlainBooks
from tests.scenarios.plain_fees import DAY, Terms, cycle_end
from tests.scenarios.plain_services import (
    NEVER,
    ZERO,
    Chain,
    Offer,
    PlainService,
    Rest,
    Share,
)
from tests.scenarios.plain_usage import ZONE, Use


@dataclass
class Customers:
    """
    Customers of an operator in Berlin, and what they do with their services.

    A `whole` life has every night with every step; else nights in which the plain books see nothing
    happen are left out, and steps that move no money.
    """

    folder: Path
    today: date
    whole: bool = False
    books: PlainBooks = field(default_factory=PlainBooks)
    offers: dict[str, Offer] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    #: Plans to which one moves from the next period on.
    later: set[str] = field(default_factory=set)
    rows: dict[str, Account] = field(default_factory=dict)
    services: dict[str, Subscription] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    records: list[tuple[str, Use]] = field(default_factory=list)
    disputes: dict[int, tuple[PlainAccount, plain_bills.Line]] = field(default_factory=dict)
    hour: int = 12
    compared: int = 0
    nights: int = 0
    acted: bool = False
    ids: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.source = UsageSource.objects.create(code="csv-1", name="csv-1", format="retel_csv")
        self.seconds = 0

    @property
    def now(self) -> datetime:
        """Acts follow each other by seconds, from the hour on that was reached."""
        self.seconds += 1
        self.acted = True
        began = datetime.combine(self.today, time(self.hour), tzinfo=ZONE)
        return began + timedelta(seconds=self.seconds)

    @property
    def when(self) -> dict[str, Any]:
        return {"business_date": self.today, "now": self.now, "actor": ACTOR}

    def plain(self, service: str) -> PlainService:
        return next(
            each.services[service]
            for each in self.books.accounts.values()
            if service in each.services
        )

    # Who there is

    def sign(self, customer: Customer) -> Contract:
        return accounts.sign_contract(
            customer=customer,
            legal_entity=make_entity(),
            signed_on=self.today,
            now=self.now,
            actor=ACTOR,
        )

    def open(
        self,
        key: str,
        customer: Customer,
        *,
        contract: Contract | None = None,
        cycle_day: int = 1,
        kind: str = "postpaid",
        limit: Decimal = ZERO,
        payer: str = "",
        cost_centre: str = "",
    ) -> None:
        self.rows[key] = accounts.open_account(
            contract=contract or self.sign(customer),
            customer=customer,
            kind=kind,
            cycle_day=cycle_day,
            credit_limit=limit,
            on=self.today,
            now=self.now,
            actor=ACTOR,
        )
        self.books.accounts[key] = PlainAccount(
            key, cycle_day, self.today, limit, payer, cost_centre
        )

    def connect(self, key: str, account: str, code: str, *, number: str = "") -> None:
        version, offer = self.versions[code], self.offers[code]
        if number:
            accounts.add_pool_numbers(kind="msisdn", values=[number])
            self.numbers[key] = number
        row = accounts.order_service(
            account=self.rows[account],
            service=version.plan.service,
            plan_version=version,
            identifiers=[("msisdn", number)] if number else [],
            now=self.now,
            actor=ACTOR,
        )
        accounts.activate_service(subscription_id=row.pk, now=self.now, actor=ACTOR)
        self.services[key] = row
        plain = self.books.accounts[account]
        plain.services[key] = PlainService(
            key,
            plain.cycle_day,
            self.today,
            Chain("plan", [(self.today, offer)], self.today),
            lambda fee: plain.post_fee(key, fee),
            plain.own_fee,
        )

    # Plans, packages, pauses

    def change_plan(self, key: str, code: str) -> None:
        """By the quote as it is shown; it has to be of the day that the rules say."""
        plain, row = self.plain(key), self.services[key]
        quote = invoicing_queries.get_quote(
            subscription_id=row.pk, plan_version_id=self.versions[code].pk, on=self.today
        )
        effective = cycle_end(self.today, plain.cycle_day) if code in self.later else self.today
        assert quote.effective_on == effective
        before = self.rows_money(key)
        operations.schedule(
            subscription_id=row.pk,
            plan_version_id=self.versions[code].pk,
            on=self.today,
            now=self.now,
            actor=ACTOR,
            door="portal",
            agreed=quote.as_json(),
        )
        plain.change_plan(self.offers[code], effective=effective, today=self.today)
        assert before - self.rows_money(key) == quote.cost_now

    def rows_money(self, key: str) -> Decimal:
        return accounts_queries.get_balance(self.services[key].account_id).money

    def buy(self, key: str, code: str) -> None:
        operations.buy_package(
            subscription_id=self.services[key].pk,
            package_version_id=self.versions[code].pk,
            door="portal",
            now=self.now,
            actor=ACTOR,
        )
        self.plain(key).buy(self.offers[code], today=self.today)

    def drop(self, key: str, code: str) -> None:
        held = PackageAssignment.objects.get(
            subscription=self.services[key],
            package_version=self.versions[code],
            active_to=None,
        )
        operations.drop_package(assignment_id=held.pk, now=self.now, actor=ACTOR)
        plain = self.plain(key)
        chain = plain.held(self.offers[code])
        assert chain is not None
        plain.drop(chain, today=self.today)

    def buy_bundle(self, account: str, bundle: Any, parts: dict[tuple[str, str], Decimal]) -> None:
        """A bundle; `parts` are (service, offer) with the shares that they should have in it."""
        operations.buy_bundle(
            account_id=self.rows[account].pk,
            bundle_version_id=bundle.pk,
            door="portal",
            now=self.now,
            actor=ACTOR,
        )
        together: list[Share] = []
        for (key, code), fee in parts.items():
            plain, offer = self.plain(key), self.offers[code]
            share = Share(offer, fee, self.today, bundle=together)
            together.append(share)
            chain = plain.plan if plain.plan.offer_on(self.today) == offer else plain.held(offer)
            if chain:
                chain.shares.append(share)
            else:
                plain.buy(offer, today=self.today, share=share)

    def pause(self, key: str, *, starts_on: date | None = None, until: date | None = None) -> None:
        rule = PauseRule.objects.filter(plan=None, service="").first() or PauseRule()
        plain, first = self.plain(key), starts_on or self.today + DAY
        free = rule.free_days - plain.days_rested(first.year, before=self.today)
        row = operations.agree_pause(
            subscription_id=self.services[key].pk,
            starts_on=starts_on,
            until=until,
            door="portal",
            now=self.now,
            actor=ACTOR,
        )
        terms = Terms(rule.fee, rule.fee_period)
        rest = Rest(first, until or NEVER, terms, max(0, free), rule.keeps_packages)
        assert (row.starts_on, row.ends_on, row.free_days) == (first, until, rest.free_days)
        plain.agree_rest(rest, is_now=starts_on is None, today=self.today)

    def resume(self, key: str) -> None:
        """End the pause that runs, or call off the one to come."""
        row = Pause.objects.get(subscription=self.services[key], state__in=["scheduled", "running"])
        plain = self.plain(key)
        if row.state == "scheduled":
            operations.cancel_pause(pause_id=row.pk, now=self.now, actor=ACTOR)
            plain.call_off(plain.rests[-1])
            return
        operations.end_pause(pause_id=row.pk, now=self.now, actor=ACTOR)
        plain.resume(plain.rests[-1], today=self.today)

    def terminate(self, key: str) -> None:
        operations.terminate_service(
            subscription_id=self.services[key].pk, now=self.now, actor=ACTOR
        )
        self.plain(key).terminate(today=self.today)
