"""
Instalment plans: what may be agreed, what is left of each part, the list of those who watch them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from accounts.models import Account
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from invoicing.domain.instalments import Applicant, Obstacle, Terms
from invoicing.models import Bill, DebtPolicy, InstalmentPart, InstalmentPlan
from invoicing.queries.open_debt import OpenDebt, get_open, list_open

#: A plan broken so many days ago is still remembered.
REMEMBERED: Final = timedelta(days=183)
#: (account_id, planned): what of instalments isn't due yet, and isn't worked as debt; a fragment.
PLANNED_SQL: Final = """
    SELECT account_id, frozen AS planned FROM invoicing_instalmentplan WHERE state = 'active'
"""
#: A page of the list.
PAGE: Final = 50
#: `Approval.kind` of a plan above the limit of who agrees to it.
APPROVAL_KIND: Final = "instalments"


@dataclass(frozen=True, slots=True)
class PartNow:
    """A part with what is open of it; all of it is paid where nothing is."""

    number: int
    due_on: date
    amount: Decimal
    open: Decimal
    is_late: bool

    @property
    def paid(self) -> Decimal:
        """What was paid of it."""
        return self.amount - self.open


@dataclass(frozen=True, slots=True)
class PlanNow:
    """A plan with its parts as they are."""

    plan: InstalmentPlan
    parts: tuple[PartNow, ...]

    @property
    def open(self) -> Decimal:
        """What is left to pay."""
        return sum((part.open for part in self.parts), ZERO)

    @property
    def paid(self) -> Decimal:
        """What was paid."""
        return self.plan.debt - self.open

    @property
    def next(self) -> PartNow | None:
        """The first part that isn't paid; None when the plan is over."""
        if self.plan.state != InstalmentPlan.State.ACTIVE:
            return None
        return next((part for part in self.parts if part.open > 0), None)


def find_policy(account: Account) -> DebtPolicy:
    """Return how the account's legal entity deals with debt; not saved = the defaults."""
    entity_id = account.contract.legal_entity_id
    found = DebtPolicy.objects.filter(legal_entity_id=entity_id).first()
    return found or DebtPolicy(legal_entity_id=entity_id)


def terms_of(policy: DebtPolicy) -> Terms:
    """Return the terms that the policy sets."""
    return Terms(
        most_parts=policy.most_parts,
        most_days=policy.most_days,
        first_percent=Decimal(policy.first_percent),
        fee=Decimal(policy.fee),
        grace_days=policy.grace_days,
        self_service_most=Decimal(policy.self_service_most) if policy.self_service else None,
    )


def applicant_of(account_id: int, *, is_alone: bool, on: date, debt: OpenDebt) -> Applicant:
    """Return who asks for a plan."""
    broken = InstalmentPlan.objects.filter(
        account_id=account_id,
        state=InstalmentPlan.State.BROKEN,
        closed_at__date__gt=on - REMEMBERED,
    )
    return Applicant(debt=debt.total, has_broken=broken.exists(), is_alone=is_alone)


def find_last_bill(account_id: int) -> int:
    """Return the newest bill of an account; 0 without any."""
    newest = Bill.objects.filter(account_id=account_id).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


def sum_planned(account_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return what of instalments isn't due yet, by account; accounts without a plan are left out."""
    rows = InstalmentPlan.objects.filter(
        account_id__in=list(account_ids), state=InstalmentPlan.State.ACTIVE
    )
    return dict(rows.values_list("account_id", "frozen"))


def find_active(account_id: int) -> InstalmentPlan | None:
    """Return the plan that an account is paying, or None."""
    rows = InstalmentPlan.objects.filter(account_id=account_id, state=InstalmentPlan.State.ACTIVE)
    return rows.first()


def describe_plan(plan: InstalmentPlan, *, on: date, debt: OpenDebt | None = None) -> PlanNow:
    """
    Return a plan with what is open of its parts; of one that isn't active nothing is. `debt`: the
    account's, where it is looked at anyway.
    """
    if plan.state != InstalmentPlan.State.ACTIVE:
        debt = OpenDebt()
    elif debt is None:
        debt = get_open(plan.account_id)
    return _describe(plan, list(plan.parts.order_by("number")), debt=debt, on=on)


def list_plans(account_id: int, *, on: date) -> list[PlanNow]:
    """Return the plans of an account, newest first."""
    rows = InstalmentPlan.objects.filter(account_id=account_id).order_by("-pk")[:PAGE]
    return _describe_all(list(rows), on=on)


def find_plan(plan_id: int, *, account_ids: Iterable[int] | None = None) -> InstalmentPlan | None:
    """Return a plan with account and customer, of these accounts only if they are given."""
    rows = InstalmentPlan.objects.select_related("account__customer")
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    return rows.filter(pk=plan_id).first()


def queue(*, state: str = "", before: int = 0, on: date) -> list[PlanNow]:
    """Return a page of plans in a state ("": all), newest first; `before` is the last one's id."""
    rows = InstalmentPlan.objects.select_related("account__customer").order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(pk__lt=before)
    return _describe_all(list(rows[:PAGE]), on=on)


def list_active(*, after: int, limit: int) -> list[InstalmentPlan]:
    """Return the next active plans by id."""
    rows = InstalmentPlan.objects.filter(state=InstalmentPlan.State.ACTIVE, pk__gt=after)
    return list(rows.order_by("pk")[:limit])


def parts_open(plans: Sequence[InstalmentPlan]) -> dict[int, list[tuple[date, Decimal]]]:
    """Return (pay until, open) of the parts of active plans, by plan."""
    debts = list_open([plan.account_id for plan in plans])
    found: dict[int, list[tuple[date, Decimal]]] = {plan.pk: [] for plan in plans}
    parts = InstalmentPart.objects.filter(plan__in=plans).order_by("plan_id", "number")
    for part in parts:
        left = _open_of(part, debts)
        found[part.plan_id].append((part.due_on, left))
    return found


def find_waiting(account_id: int) -> Approval | None:
    """Return the approval that a plan of the account waits for."""
    waiting = Approval.objects.filter(
        kind=APPROVAL_KIND, account_id=account_id, state=Approval.State.PENDING
    )
    found: Approval | None = waiting.first()
    return found


def describe_obstacle(obstacle: Obstacle, *, terms: Terms) -> str:
    """Return why a plan can't be agreed so, and what would help."""
    words = {
        Obstacle.NO_DEBT: _("There is no debt to pay in parts."),
        Obstacle.MORE_THAN_DEBT: _("The parts add up to more than is owed."),
        Obstacle.PARTS: _("A plan has up to %(parts)s parts, each above zero.")
        % {"parts": terms.most_parts},
        Obstacle.DAYS: _("Each part has a day of its own, one after the other, from today on."),
        Obstacle.TOO_LONG: _("The last part is due in %(days)s days at the latest.")
        % {"days": terms.most_days},
        Obstacle.FIRST: _("The first part is at least %(percent)s%% of the debt.")
        % {"percent": f"{terms.first_percent.normalize():f}"},
        Obstacle.NOT_ALONE: _("Instalments are agreed with an agent: call us."),
        Obstacle.TOO_MUCH_ALONE: _(
            "Above this debt instalments are agreed with an agent: call us."
        ),
        Obstacle.BROKEN_BEFORE: _(
            "An earlier plan was not kept, so a new one is agreed with an agent: call us."
        ),
    }
    return words[obstacle]


def _describe_all(plans: list[InstalmentPlan], *, on: date) -> list[PlanNow]:
    active = [plan.account_id for plan in plans if plan.state == InstalmentPlan.State.ACTIVE]
    debts = list_open(active)
    parts: dict[int, list[InstalmentPart]] = {plan.pk: [] for plan in plans}
    for part in InstalmentPart.objects.filter(plan__in=plans).order_by("plan_id", "number"):
        parts[part.plan_id].append(part)
    nothing = OpenDebt()
    return [
        _describe(plan, parts[plan.pk], debt=debts.get(plan.account_id, nothing), on=on)
        for plan in plans
    ]


def _describe(
    plan: InstalmentPlan, parts: Sequence[InstalmentPart], *, debt: OpenDebt, on: date
) -> PlanNow:
    debts = {plan.account_id: debt}
    found = []
    for part in parts:
        left = _open_of(part, debts)
        is_late = left > 0 and part.due_on < on
        found.append(PartNow(part.number, part.due_on, part.amount, left, is_late))
    return PlanNow(plan, tuple(found))


def _open_of(part: InstalmentPart, debts: Mapping[int, OpenDebt]) -> Decimal:
    debt = debts.get(part.account_id, OpenDebt())
    left = {item.number: item.open for item in debt.of_plan(part.plan_id)}
    return left.get(part.number, ZERO)
