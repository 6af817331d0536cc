"""
The debt of an account as the desk sees it: where it is open, its plans, what being late cost.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Account, Payment, Subscription
from billing_project.kernel.models import Approval
from crm.queries.history.words import money as written
from invoicing.models import Bill, ConsolidatedBill, ConsolidatedPayment, InstalmentPlan, LateFee
from invoicing.queries import instalments, late_fees, shares
from invoicing.queries.instalments import PlanNow
from invoicing.queries.open_debt import OpenDebt, OpenItem, get_open


@dataclass(frozen=True, slots=True)
class DebtRow:
    """A row of the table: what is owed, with its name."""

    item: OpenItem
    title: str
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class DebtOnDesk:
    """Everything about an account's debt."""

    account: Account
    debt: OpenDebt
    rows: tuple[DebtRow, ...]
    overdue: Decimal
    plans: tuple[PlanNow, ...]
    waiting: Approval | None
    late: tuple[LateFee, ...]
    splits: tuple[Payment, ...]
    papers: tuple[ConsolidatedPayment, ...]

    @property
    def active(self) -> PlanNow | None:
        """The plan that is being paid."""
        active = (one for one in self.plans if one.plan.state == InstalmentPlan.State.ACTIVE)
        return next(active, None)


@dataclass(frozen=True, slots=True)
class PlanQueue:
    """A page of plans; `next` begins the following one."""

    rows: tuple[PlanNow, ...]
    next: int | None


def get_debt(account: Account, *, on: date) -> DebtOnDesk:
    """Return what the page of an account's debt shows."""
    debt = get_open(account.pk, in_detail=True)
    names = _names(debt)
    rows = tuple(
        DebtRow(item, _title(item, names), item.is_overdue(on))
        for item in debt.items
        if item.open or item.chosen or item.what == "part"
    )
    return DebtOnDesk(
        account=account,
        debt=debt,
        rows=rows,
        overdue=debt.overdue(on),
        plans=tuple(instalments.list_plans(account.pk, on=on)),
        waiting=instalments.find_waiting(account.pk),
        late=tuple(late_fees.list_days(account.pk)),
        splits=tuple(_splittable(account)),
        papers=tuple(shares.list_of_account(account.pk)),
    )


def get_plans(*, state: str, before: int, on: date) -> PlanQueue:
    """Return a page of the list of plans."""
    rows = tuple(instalments.queue(state=state, before=before, on=on))
    is_full = len(rows) == instalments.PAGE
    return PlanQueue(rows, rows[-1].plan.pk if is_full else None)


def find_plan(plan_id: int) -> InstalmentPlan | None:
    """Return a plan with account and customer, or None."""
    return instalments.find_plan(plan_id)


def list_targets(account: Account) -> list[tuple[str, str]]:
    """
    Return what a payment may be for, as (kind:id, words); the first is the oldest debt.

    Bills with something open, services of them, the plan, consolidated bills.
    """
    debt = get_open(account.pk, in_detail=True)
    names = _names(debt)
    found = [("", _("the oldest debt"))]
    plan = instalments.find_active(account.pk)
    if plan is not None:
        found.append((f"plan:{plan.pk}", _("the instalment plan")))
    bills = {one.bill_id: debt.of_bill(one.bill_id) for one in debt.items if one.bill_id}
    for bill_id, left in bills.items():
        if left > 0:
            words = {"bill": names[bill_id, 0], "left": written(left, account.currency)}
            found.append((f"bill:{bill_id}", _("bill %(bill)s, %(left)s open") % words))
    services = {one.service_id for one in debt.items if one.service_id and one.open}
    for service in Subscription.objects.filter(pk__in=services).order_by("pk"):
        name = service.get_service_display()
        found.append((f"subscription:{service.pk}", _("service: %(name)s") % {"name": name}))
    return found + list_papers(account)


def list_papers(account: Account) -> list[tuple[str, str]]:
    """Return the consolidated bills that are paid to the account and have something open."""
    papers = ConsolidatedBill.objects.filter(customer_id=account.customer_id).order_by("-pk")[:12]
    found = []
    for paper in papers:
        payer, left = shares.payer_account(paper), shares.open_of_paper(paper)
        if payer is not None and payer.pk == account.pk and left > 0:
            words = {"number": paper.number_text, "left": written(left, paper.currency)}
            found.append(
                (
                    f"consolidated:{paper.pk}",
                    _("consolidated bill %(number)s, %(left)s open") % words,
                )
            )
    return found


def open_by_bill(account_id: int) -> dict[int, Decimal]:
    """Return what is open of each bill of an account that has debt."""
    debt = get_open(account_id)
    return {one.bill_id: debt.of_bill(one.bill_id) for one in debt.items if one.bill_id}


def _splittable(account: Account) -> list[Payment]:
    """Payments of a payer's account of late that may be split for a consolidated bill."""
    if not ConsolidatedBill.objects.filter(customer_id=account.customer_id).exists():
        return []
    rows = Payment.objects.filter(account=account, state=Payment.State.POSTED, consolidated=None)
    return list(rows.order_by("-pk")[:10])


def _names(debt: OpenDebt) -> dict[tuple[int, int], str]:
    """Names of bills (id, 0) and of services (0, id)."""
    bills = Bill.objects.filter(pk__in={one.bill_id for one in debt.items})
    names = {(pk, 0): text for pk, text in bills.values_list("pk", "number_text")}
    services = Subscription.objects.filter(pk__in={one.service_id for one in debt.items})
    names |= {(0, one.pk): str(one.get_service_display()) for one in services}
    return names


def _title(item: OpenItem, names: dict[tuple[int, int], str]) -> str:
    if item.what == "part":
        return _("Part %(number)s of the instalment plan") % {"number": item.number}
    if item.what == "unbilled":
        return _("Charged after the last bill")
    if item.what == "older":
        return _("Older than all bills")
    bill = _("Bill %(number)s") % {"number": names.get((item.bill_id, 0), "")}
    if item.what == "late_fee":
        return f"{bill}: {_('late fee')}"
    service = names.get((0, item.service_id), _("other charges"))
    return f"{bill}: {service}"
