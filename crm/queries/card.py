"""
The customer's card: who it is, the money, the services and what they may do.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.domain.calendars import Rule
from accounts.models import (
    Account,
    Contract,
    Customer,
    IdentifierUse,
    PackageAssignment,
    Payment,
    PlanAssignment,
    Subscription,
)
from accounts.queries import Balance
from accounts.queries.calendars import calendars_of
from accounts.queries.deposits import kept_deposits
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from crm.models import CardView, Interaction
from crm.queries.disputes import DisputeRow, list_of_customer
from dunning import queries as dunning_queries
from dunning.models import PromisedPayment, ServiceAccess
from dunning.queries import ServiceView
from invoicing.models import Pause, PlanChange
from invoicing.queries.pauses import find_pauses
from tariffs.models import Package, PlanVersion


@dataclass(frozen=True, slots=True)
class ServiceOnCard:
    """A service with its numbers, plan, access, and the change of plan that waits."""

    subscription: Subscription
    identifiers: tuple[IdentifierUse, ...]
    plan_version: PlanVersion | None
    access: ServiceAccess | None
    view: ServiceView | None
    change: PlanChange | None
    next_plan: PlanVersion | None
    packages: tuple[Package, ...] = ()
    pause: Pause | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was terminated."""
        return bool(self.subscription.state == Subscription.State.TERMINATED)

    @property
    def level(self) -> str:
        """The level of access, or the state of the service while nothing was decided; or a pause."""
        if self.subscription.state == Subscription.State.SUSPENDED:
            return "paused"
        if self.access is None:
            return str(self.subscription.state)
        return self.access.level


@dataclass(frozen=True, slots=True)
class AccountOnCard:
    """A personal account with its money and services, the living ones first."""

    account: Account
    balance: Balance
    promise: PromisedPayment | None
    cycle: Rule
    deposit: Decimal
    approvals: int
    services: tuple[ServiceOnCard, ...]
    disputes: tuple[DisputeRow, ...] = ()

    @property
    def lacking(self) -> Decimal:
        """How much brings the balance to zero; 0 if nothing is owed."""
        return max(-self.balance.money, Decimal(0))


@dataclass(frozen=True, slots=True)
class Card:
    """Everything on the card but its history."""

    customer: Customer
    contracts: tuple[Contract, ...]
    accounts: tuple[AccountOnCard, ...]
    last_contact: Interaction | None

    @property
    def troubled(self) -> list[ServiceOnCard]:
        """Services that may do less than they should."""
        open_levels = {"open", "active", "ended", "terminated"}
        return [
            service
            for account in self.accounts
            for service in account.services
            if not service.is_over and service.level not in open_levels
        ]

    @property
    def working(self) -> int:
        """How many services aren't over."""
        return sum(not each.is_over for account in self.accounts for each in account.services)


@dataclass(frozen=True, slots=True)
class Visited:
    """A card somebody of the staff opened of late."""

    customer: Customer
    viewed_at: datetime


def find_customer(customer_id: int) -> Customer | None:
    """Return the customer, or None."""
    return Customer.objects.filter(pk=customer_id).first()


def find_account(account_id: int) -> Account | None:
    """Return the account with its customer, or None."""
    return Account.objects.select_related("customer").filter(pk=account_id).first()


def find_payment(payment_id: int) -> Payment | None:
    """Return the payment with its account and customer, or None."""
    rows = Payment.objects.select_related("account__customer")
    found: Payment | None = rows.filter(pk=payment_id).first()
    return found


def find_service(subscription_id: int) -> Subscription | None:
    """Return the service with its account and customer, or None."""
    rows = Subscription.objects.select_related("account__customer")
    found: Subscription | None = rows.filter(pk=subscription_id).first()
    return found


def get_card(*, customer: Customer, now: datetime) -> Card:
    """Return the card in a dozen queries, however many accounts and services there are."""
    accounts = list(Account.objects.filter(customer=customer).order_by("closed_on", "pk"))
    ids = [account.pk for account in accounts]
    balances = accounts_queries.get_balances(account_ids=ids)
    services = _services_by_account(ids, now=now)
    promises = {
        promise.account_id: promise
        for promise in PromisedPayment.objects.filter(
            account_id__in=ids, state=PromisedPayment.State.OPEN
        )
    }
    approvals = _pending_by_account(ids)
    calendars, kept = calendars_of(accounts), kept_deposits(ids)
    disputed = list_of_customer(ids, on=timezone.localdate(now))
    return Card(
        customer=customer,
        contracts=tuple(Contract.objects.filter(customer=customer).order_by("pk")),
        accounts=tuple(
            AccountOnCard(
                account=account,
                balance=balances[account.pk],
                promise=promises.get(account.pk),
                cycle=calendars[account.pk].rule_on(timezone.localdate(now)),
                deposit=kept.get(account.pk, ZERO),
                approvals=approvals.get(account.pk, 0),
                services=tuple(services[account.pk]),
                disputes=tuple(each for each in disputed if each.dispute.account_id == account.pk),
            )
            for account in accounts
        ),
        last_contact=Interaction.objects.filter(customer=customer)
        .order_by("-happened_at", "-pk")
        .first(),
    )


def list_visited(*, actor: str, limit: int = 8) -> list[Visited]:
    """Return the cards this member of staff opened last, the latest first."""
    views = (
        CardView.objects.filter(actor=actor).order_by("-pk").values_list("customer_id", "viewed_at")
    )
    latest: dict[int, datetime] = {}
    for customer_id, viewed_at in views[: limit * 10]:
        latest.setdefault(customer_id, viewed_at)
    wanted = list(latest)[:limit]
    found = Customer.objects.in_bulk(wanted)
    return [Visited(found[pk], latest[pk]) for pk in wanted if pk in found]


def _services_by_account(ids: list[int], *, now: datetime) -> dict[int, list[ServiceOnCard]]:
    rows = Subscription.objects.filter(account_id__in=ids).select_related("access")
    subscriptions = sorted(rows, key=lambda row: (row.state == "terminated", row.pk))
    found: dict[int, list[ServiceOnCard]] = defaultdict(list)
    identifiers = _identifiers(ids, now=now)
    plans = _plans(ids, now=now)
    changes, next_plans = _changes(ids)
    views, packages = _limited(subscriptions), _packages(ids, now=now)
    pauses = find_pauses(ids)
    for row in subscriptions:
        change = changes.get(row.pk)
        found[row.account_id].append(
            ServiceOnCard(
                subscription=row,
                identifiers=tuple(identifiers[row.pk]),
                plan_version=plans.get(row.pk),
                access=getattr(row, "access", None),
                view=views.get(row.pk),
                change=change,
                next_plan=next_plans.get(change.plan_version_id) if change else None,
                packages=tuple(packages[row.pk]),
                pause=pauses.get(row.pk),
            )
        )
    return found


def _limited(subscriptions: Iterable[Subscription]) -> dict[int, ServiceView]:
    """Return why services are limited and what lifts it; accounts without limits aren't asked."""
    limited = {
        row.account_id
        for row in subscriptions
        if row.state == Subscription.State.ACTIVE
        and getattr(row, "access", None) is not None
        and row.access.level != ServiceAccess.Level.OPEN
    }
    views = (view for pk in sorted(limited) for view in dunning_queries.access_of(pk))
    return {view.subscription.pk: view for view in views}


def _identifiers(ids: list[int], *, now: datetime) -> dict[int, list[IdentifierUse]]:
    """Return the numbers in use now, and of ended services the last ones."""
    uses = IdentifierUse.objects.filter(account_id__in=ids).filter(
        Q(active_to__isnull=True) | Q(active_to__gt=now) | Q(subscription__state="terminated")
    )
    found: dict[int, list[IdentifierUse]] = defaultdict(list)
    for use in uses.order_by("kind", "pk"):
        found[use.subscription_id].append(use)
    return found


def _plans(ids: list[int], *, now: datetime) -> dict[int, PlanVersion]:
    """Return each service's plan: today's, else the one to come, else the last one."""
    rows = PlanAssignment.objects.filter(account_id__in=ids).select_related("plan_version__plan")
    found: dict[int, PlanVersion] = {}
    for row in rows.order_by(F("active_from").asc()):
        if row.active_from <= now or row.subscription_id not in found:
            found[row.subscription_id] = row.plan_version
    return found


def _packages(ids: list[int], *, now: datetime) -> dict[int, list[Package]]:
    rows = PackageAssignment.objects.filter(
        Q(active_to__isnull=True) | Q(active_to__gt=now), account_id__in=ids, active_from__lte=now
    )
    found: dict[int, list[Package]] = defaultdict(list)
    for row in rows.select_related("package").order_by("active_from", "pk"):
        found[row.subscription_id].append(row.package)
    return found


def _changes(ids: Iterable[int]) -> tuple[dict[int, PlanChange], dict[int, PlanVersion]]:
    waiting = PlanChange.objects.filter(account_id__in=ids, state=PlanChange.State.SCHEDULED)
    changes = {change.subscription_id: change for change in waiting}
    wanted = [change.plan_version_id for change in changes.values()]
    plans = PlanVersion.objects.select_related("plan").in_bulk(wanted) if wanted else {}
    return changes, plans


def _pending_by_account(ids: Iterable[int]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    pending = Approval.objects.filter(account_id__in=ids, state=Approval.State.PENDING)
    for account_id in pending.values_list("account_id", flat=True):
        counts[account_id] += 1
    return counts
