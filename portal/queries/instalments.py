"""
The debt of an account as its payer sees it, and paying it in parts.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Account
from invoicing.domain.instalments import PlannedPart, find_obstacle, propose
from invoicing.models import InstalmentPlan
from invoicing.operations.choices import Target, UnableToChoose, check
from invoicing.queries import instalments, shares
from invoicing.queries.instalments import PlanNow
from invoicing.queries.open_debt import OpenDebt, get_open
from portal.queries.people import AccountChoice

#: The first part is due so many days from today.
FIRST_IN: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DebtView:
    """What is owed, what of it is overdue, and the plan that is being paid."""

    total: Decimal
    overdue: Decimal
    plan: PlanNow | None


@dataclass(frozen=True, slots=True)
class InstalmentsPage:
    """
    The page of paying in parts: the plan, or a proposal of so many parts, or why not by oneself.
    """

    debt: DebtView
    past: tuple[PlanNow, ...]
    counts: tuple[int, ...]
    parts: tuple[PlannedPart, ...]
    fee: Decimal
    why_not: str
    is_waiting: bool

    @property
    def count(self) -> int:
        """How many parts are proposed."""
        return len(self.parts)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a payment by card is for, with words and what is open of it; empty: the oldest debt."""

    key: str = ""
    words: str = ""
    amount: Decimal | None = None


def get_debt(account_id: int, *, on: date) -> DebtView:
    """Return the debt of an account with its plan."""
    return view_debt(account_id, get_open(account_id), on=on)


def get_instalments(account: AccountChoice, *, count: int, on: date) -> InstalmentsPage:
    """Return what the page of paying in parts shows; `count` parts are wished, 0 as many as may be."""
    row = Account.objects.select_related("contract").get(pk=account.id)
    terms = instalments.terms_of(instalments.find_policy(row))
    debt = get_open(account.id)
    counts = tuple(range(2, min(terms.most_parts, 12) + 1))
    wished = count if count in counts else min(3, terms.most_parts)
    first = (debt.total * terms.first_percent / 100).quantize(Decimal("0.01"))
    is_lead = bool(first and first > debt.total / wished)
    parts = propose(
        debt.total, parts=wished, first_on=on + FIRST_IN, first=first if is_lead else None
    )
    who = instalments.applicant_of(account.id, is_alone=True, on=on, debt=debt)
    obstacle = find_obstacle(parts, terms=terms, who=who, on=on)
    plans = instalments.list_plans(account.id, on=on)
    return InstalmentsPage(
        debt=view_debt(account.id, debt, on=on),
        past=tuple(one for one in plans if one.plan.state != InstalmentPlan.State.ACTIVE),
        counts=counts,
        parts=tuple(parts),
        fee=terms.fee,
        why_not="" if obstacle is None else instalments.describe_obstacle(obstacle, terms=terms),
        is_waiting=instalments.find_waiting(account.id) is not None,
    )


def read_purpose(key: str, *, account_id: int, on: date) -> Purpose:
    """Return what a payment is for, by its key (`bill:7`); nothing of the account's: empty."""
    try:
        target = Target.of(key)
        check(account_id, target)
    except (TypeError, ValueError, UnableToChoose):
        return Purpose()
    if target.plan_id is not None:
        plan = get_debt(account_id, on=on).plan
        part = plan.next if plan else None
        words = _("the next part of your instalment plan")
        return Purpose(key, words, part.open if part else None)
    if target.bill_id is not None:
        left = get_open(account_id).of_bill(target.bill_id)
        return Purpose(key, _("this bill"), left or None)
    if target.consolidated_id is not None:
        paper = shares.get_paper(target.consolidated_id)
        words = _("consolidated bill %(number)s") % {"number": paper.number_text}
        return Purpose(key, words, shares.open_of_paper(paper) or None)
    return Purpose(key)


def view_debt(account_id: int, debt: OpenDebt, *, on: date) -> DebtView:
    """Return what is open as the payer sees it, with the plan."""
    plan = instalments.find_active(account_id)
    now = instalments.describe_plan(plan, on=on, debt=debt) if plan else None
    return DebtView(debt.total, debt.overdue(on), now)
