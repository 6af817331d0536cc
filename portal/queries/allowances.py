"""
What is left of included volumes: the plan's, those of packages, and those a group shares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from django.db.models import Q
from django.utils.translation import get_language

from accounts.models import PackageAssignment, PlanAssignment, Subscription
from portal.domain import wording
from portal.queries.words import USAGE, say_quantity
from rating.domain.counters import Meter
from rating.domain.periods import period_of, periods_between
from rating.models import AllowanceGroup, AllowanceGroupMember, AllowanceUse, RunningTotal
from tariffs.domain.deck import Recurrence
from tariffs.models import Allowance, PackageVersion, PlanVersion

#: (service that brought it, allowance, period)
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package that a service holds; `until` is empty if it is held until it is taken off."""

    name: str
    until: datetime | None
    assignment_id: int = 0


@dataclass(frozen=True, slots=True)
class AllowanceView:
    """
    An included volume of the present period and what is left of it.

    Seconds, messages, bytes; or minor units of `currency`. `granted` holds what was `carried` over.
    `package` and `group` say where it comes from, if not from the service's own plan; of a shared
    one `granted` is no more than the service's own share, if it has one.
    """

    usage_kind: str
    granted: int
    used: int
    carried: int = 0
    package: str = ""
    group: str = ""
    is_group_owner: bool = False
    recurrence: str = ""
    currency: str = ""

    @property
    def left(self) -> int:
        """What is left."""
        return max(self.granted - self.used, 0)

    @property
    def label(self) -> str:
        """What is included."""
        return str(USAGE[self.usage_kind])

    @property
    def left_shown(self) -> str:
        """What is left, in words."""
        return self._say(self.left)

    @property
    def granted_shown(self) -> str:
        """What is included, in words."""
        return self._say(self.granted)

    @property
    def carried_shown(self) -> str:
        """What came over from the period before, in words; empty for nothing."""
        return self._say(self.carried) if self.carried > 0 else ""

    @property
    def recurrence_shown(self) -> str:
        """How often it is granted, in words, if not every month."""
        return str(Allowance.Recurrence(self.recurrence).label) if self.recurrence else ""

    @property
    def percent_left(self) -> int:
        """What is left, in whole percent."""
        return self.left * 100 // self.granted if self.granted else 0

    def _say(self, amount: int) -> str:
        if not self.currency:
            return say_quantity(self.usage_kind, amount)
        money, language = Decimal(amount) / 100, (get_language() or "ru")[:2]
        return wording.format_money(money, currency=self.currency, language=language)


@dataclass(frozen=True, slots=True)
class Held:
    """What services hold at a moment: plans, packages, places in groups."""

    plans: Mapping[int, PlanVersion]
    packages: Mapping[int, Sequence[PackageAssignment]]
    members: Mapping[int, AllowanceGroupMember]
    own_groups: Mapping[int, AllowanceGroup]


@dataclass(frozen=True, slots=True)
class _Source:
    """An allowance that a service may use, and whose counter it is taken from."""

    row: Allowance
    owner_id: int
    package: str = ""
    group: str = ""
    cap: int | None = None
    is_group_owner: bool = False


@dataclass(frozen=True, slots=True)
class _Counters:
    """Counters of the periods of a day, and what members took of shared ones."""

    uses: Mapping[Key, AllowanceUse] = field(default_factory=dict)
    taken: Mapping[Key, int] = field(default_factory=dict)


def load_held(services: Sequence[Subscription], *, now: datetime) -> Held:
    """Return what the services hold, and the owners of the groups they are members of."""
    ids = [row.pk for row in services]
    members = {
        row.subscription_id: row
        for row in AllowanceGroupMember.objects.filter(
            current(now), subscription_id__in=ids
        ).select_related("group")
    }
    groups = AllowanceGroup.objects.filter(owner_id__in=ids)
    everybody = {*ids, *(row.group.owner_id for row in members.values())}
    return Held(
        plans=_plans(everybody, now=now),
        packages=_packages(everybody, now=now),
        members=members,
        own_groups={group.owner_id: group for group in groups},
    )


def current(now: datetime) -> Q:
    """Rows with `active_from` and `active_to` that hold at a moment."""
    return Q(active_from__lte=now) & (Q(active_to__isnull=True) | Q(active_to__gt=now))


def _plans(ids: Iterable[int], *, now: datetime) -> dict[int, PlanVersion]:
    rows = PlanAssignment.objects.filter(current(now), subscription_id__in=ids)
    return {
        row.subscription_id: row.plan_version
        for row in rows.select_related("plan_version__plan").prefetch_related(
            "plan_version__allowances"
        )
    }


def _packages(ids: Iterable[int], *, now: datetime) -> dict[int, list[PackageAssignment]]:
    rows = PackageAssignment.objects.filter(current(now), subscription_id__in=ids)
    rows = rows.select_related("package_version__package")
    found: dict[int, list[PackageAssignment]] = {}
    for row in rows.prefetch_related("package_version__allowances").order_by("active_from", "pk"):
        found.setdefault(row.subscription_id, []).append(row)
    return found


def package_views(held: Held, subscription_id: int) -> tuple[PackageView, ...]:
    """Return the packages that a service holds."""
    rows = held.packages.get(subscription_id, ())
    return tuple(PackageView(package_name(row), row.active_to, row.pk) for row in rows)


def package_name(row: PackageAssignment) -> str:
    """Return what a package is called in the reader's language."""
    package = row.package_version.package
    return str(package.name_en if get_language() == "en" else package.name_ru)


def list_allowances(
    services: Sequence[Subscription], held: Held, *, on: date
) -> dict[int, tuple[AllowanceView, ...]]:
    """Return what each service may use on a day: own volumes first, then those of its group."""
    sources = {row.pk: _sources(row.pk, held) for row in services}
    counters = _counters(services, sources, held, on=on)
    return {
        row.pk: tuple(_view(source, counters, service=row, on=on) for source in sources[row.pk])
        for row in services
    }


def _sources(subscription_id: int, held: Held) -> list[_Source]:
    own_group = held.own_groups.get(subscription_id)
    found = [
        _Source(
            row,
            subscription_id,
            package=package,
            group=own_group.name if own_group and row.is_shared else "",
            is_group_owner=True,
        )
        for row, package in _brought(subscription_id, held)
    ]
    member = held.members.get(subscription_id)
    if member is None:
        return found
    caps = {"voice": member.cap_voice, "sms": member.cap_sms}
    return found + [
        _Source(
            row,
            member.group.owner_id,
            package=package,
            group=member.group.name,
            cap=caps.get(row.usage_kind, member.cap_data),
        )
        for row, package in _brought(member.group.owner_id, held)
        if row.is_shared
    ]


def _brought(subscription_id: int, held: Held) -> Iterable[tuple[Allowance, str]]:
    """Return the allowances of a service's plan and packages, with the package's name."""
    plan = held.plans.get(subscription_id)
    of_plan = ((row, "") for row in _in_order(plan)) if plan else ()
    of_packages = (
        (row, package_name(package))
        for package in held.packages.get(subscription_id, ())
        for row in _in_order(package.package_version)
    )
    return chain(of_plan, of_packages)


def _in_order(version: PlanVersion | PackageVersion) -> list[Allowance]:
    return sorted(version.allowances.all(), key=lambda row: row.pk)


def _counters(
    services: Sequence[Subscription],
    sources: Mapping[int, Sequence[_Source]],
    held: Held,
    *,
    on: date,
) -> _Counters:
    if not any(sources.values()):
        return _Counters()
    groups = [member.group for member in held.members.values()]
    accounts = {row.account_id for row in services}
    rows = AllowanceUse.objects.filter(
        account_id__in=accounts | {group.account_id for group in groups},
        subscription_id__in={row.pk for row in services} | {group.owner_id for group in groups},
        period__in=periods_between(on, on),
    )
    uses = {(row.subscription_id, row.allowance_id, row.period): row for row in rows}
    if not groups:
        return _Counters(uses)
    totals = RunningTotal.objects.filter(
        account_id__in=accounts,
        subscription_id__in=list(held.members),
        meter=Meter.MEMBER,
        period__in=periods_between(on, on),
    )
    taken = {(row.subscription_id, row.number, row.period): row.quantity for row in totals}
    return _Counters(uses, taken)


def _view(
    source: _Source, counters: _Counters, *, service: Subscription, on: date
) -> AllowanceView:
    row = source.row
    period = period_of(Recurrence(row.recurrence), on)
    use = counters.uses.get((source.owner_id, row.pk, period))
    granted = use.granted + use.carried if use else row.amount
    used = use.used if use else 0
    if source.cap is not None:
        taken = counters.taken.get((service.pk, row.pk, period), 0)
        granted, used = _within(source.cap, granted=granted, used=used, taken=taken)
    return AllowanceView(
        usage_kind=row.usage_kind,
        granted=granted,
        used=used,
        carried=use.carried if use and source.cap is None else 0,
        package=source.package,
        group=source.group,
        is_group_owner=source.is_group_owner,
        recurrence="" if row.recurrence == Allowance.Recurrence.MONTH else row.recurrence,
        currency=service.account.currency if row.is_money else "",
    )


def _within(cap: int, *, granted: int, used: int, taken: int) -> tuple[int, int]:
    """
    Return a member's share of a group's counter, and how much of it can't be used any more.

    >>> _within(300, granted=600, used=100, taken=100)
    (300, 100)
    >>> _within(300, granted=600, used=500, taken=100)
    (300, 200)
    """
    share = min(cap, granted)
    left = max(min(granted - used, cap - taken), 0)
    return share, share - min(left, share)
