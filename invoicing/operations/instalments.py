"""
Instalment plans as rows: agreed, followed, ended. The doors call `dunning.operations.instalments`, which
also keeps what isn't due yet from restricting the service.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.domain.posting import OWN_REFS, Posting
from accounts.models import Account
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from invoicing.domain.instalments import (
    PlannedPart,
    PlanState,
    Terms,
    find_obstacle,
    judge_plan,
    take_over,
)
from invoicing.models import InstalmentCover, InstalmentPart, InstalmentPlan
from invoicing.queries import instalments as queries
from invoicing.queries.instalments import APPROVAL_KIND
from invoicing.queries.open_debt import OpenDebt, get_open

#: Prices of plans are ONE_OFF entries with references of their own, from here on.
FEE_REFS: Final = OWN_REFS >> 1
LOCK: Final = "SELECT id FROM accounts_account WHERE id = %s FOR NO KEY UPDATE"
PLAN_EVENTS: Final = """
    SELECT p.account_id, a.customer_id, NULL::bigint, %s::timestamptz,
           jsonb_build_object('plan_id', p.id, 'amount', p.debt::text, 'currency', p.currency)
      FROM invoicing_instalmentplan p JOIN accounts_account a ON a.id = p.account_id
     WHERE p.id = ANY(%s) ORDER BY p.id
"""
CLOSE: Final = """
    UPDATE invoicing_instalmentplan SET frozen = 0, closed_at = %s, closed_by = %s
     WHERE id = ANY(%s) AND state = 'active'
"""
FREEZE: Final = """
    UPDATE invoicing_instalmentplan p SET frozen = t.frozen
      FROM unnest(%s::bigint[], %s::numeric[]) AS t (id, frozen)
     WHERE p.id = t.id AND p.state = 'active'
"""


class UnableToAgree(Exception):
    """The debt can't be paid in these parts, or the plan is over; `field` of a form."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A plan as it is asked for; `door` is portal or crm. Together the parts are its debt."""

    account_id: int
    parts: Sequence[PlannedPart]
    door: str
    request_id: str

    @property
    def total(self) -> Decimal:
        """What is to be paid in parts."""
        return sum((part.amount for part in self.parts), ZERO)

    def as_data(self) -> dict[str, Any]:
        """Plain values for an approval that waits."""
        parts = [[part.due_on.isoformat(), str(part.amount)] for part in self.parts]
        return {"parts": parts, "door": self.door, "request_id": self.request_id}

    @classmethod
    def from_approval(cls, approval: Approval) -> "Wish":
        """Read back what waited."""
        data = approval.data
        parts = [PlannedPart(date.fromisoformat(d), Decimal(a)) for d, a in data["parts"]]
        return cls(
            account_id=approval.account_id,
            parts=parts,
            door=data["door"],
            request_id=data["request_id"],
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """When, by whom, on whose word and approval a plan is agreed to."""

    on: date
    now: datetime
    actor: str
    on_behalf_of: str = ""
    approval_id: int | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """Accounts whose plan's frozen sum changed; how many plans were kept and broken."""

    account_ids: tuple[int, ...] = ()
    kept: int = 0
    broken: int = 0


@transaction.atomic
def open_plan(
    *, wish: Wish, limit: Decimal | None, agreement: Agreement
) -> InstalmentPlan | Approval:
    """
    Agree on a plan; above `limit` ask for approval instead (None: the rules alone limit it).

    The same request answers with what it made. Raises UnableToAgree.
    """
    lock_account(wish.account_id)
    earlier = _find_earlier(wish)
    if earlier is not None:
        return earlier
    account = Account.objects.select_related("contract").get(pk=wish.account_id)
    debt = get_open(account.pk)
    terms = _check(account, wish, debt=debt, agreement=agreement)
    if limit is not None and wish.total > limit:
        return kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=account.pk,
            amount=wish.total,
            comment=_("Instalment plan"),
            data=wish.as_data() | {"on_behalf_of": agreement.on_behalf_of},
            requested_by=agreement.actor,
            now=agreement.now,
        )
    return _write(account, wish, debt=debt, terms=terms, agreement=agreement)


@transaction.atomic
def approve_plan(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> InstalmentPlan:
    """Agree on a plan that waits; raises kernel's UnableToDecide, UnableToAgree."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND:
        raise UnableToAgree(_("This approval is not an instalment plan."))
    wish = Wish.from_approval(approval)
    made = open_plan(
        wish=wish,
        limit=None,
        agreement=Agreement(
            on=business_date,
            now=now,
            actor=approval.requested_by,
            on_behalf_of=approval.data.get("on_behalf_of", ""),
            approval_id=approval.pk,
        ),
    )
    if not isinstance(made, InstalmentPlan):  # it waits for nobody any more
        raise UnableToAgree(_("This approval is not an instalment plan."))
    return made


def refuse_plan(*, approval_id: int, now: datetime, actor: str) -> Approval:
    """Refuse a plan that waits; nothing is agreed."""
    return kernel.refuse(approval_id=approval_id, actor=actor, now=now)


@transaction.atomic
def cancel_plan(*, plan_id: int, reason: str, now: datetime, actor: str) -> InstalmentPlan:
    """End a plan; what is left of it is owed as it was before. Raises UnableToAgree."""
    if not reason.strip():
        raise UnableToAgree(_("Say why: the subscriber will ask."), field="reason")
    plan = InstalmentPlan.objects.get(pk=plan_id)
    lock_account(plan.account_id)
    if not _end([plan_id], to="cancelled", now=now, actor=actor):
        raise UnableToAgree(_("The plan is over."))
    InstalmentPlan.objects.filter(pk=plan_id).update(close_reason=reason[:200])
    plan.refresh_from_db()
    return plan


@transaction.atomic
def follow_plans(
    *, plans: Sequence[InstalmentPlan], on: date, may_break: bool, now: datetime, actor: str
) -> Followed:
    """
    Look at active plans whose accounts the caller has locked: paid ones are kept, with `may_break`
    those with a part too late are broken, of the others what is frozen is written anew.
    """
    open_parts = queries.parts_open(plans)
    verdicts = {
        plan.pk: judge_plan(
            open_parts[plan.pk], on=on, grace_days=plan.grace_days, may_break=may_break
        )
        for plan in plans
    }
    ended = {
        state: _end(
            [pk for pk, verdict in verdicts.items() if verdict.state == state],
            to=state.value,
            now=now,
            actor=actor,
        )
        for state in (PlanState.KEPT, PlanState.BROKEN)
    }
    changed = {
        plan.pk: verdicts[plan.pk].frozen
        for plan in plans
        if verdicts[plan.pk].state == PlanState.ACTIVE and verdicts[plan.pk].frozen != plan.frozen
    }
    with connection.cursor() as cursor:
        cursor.execute(FREEZE, [list(changed), list(changed.values())])
    moved = {*changed, *ended[PlanState.KEPT], *ended[PlanState.BROKEN]}
    return Followed(
        tuple(plan.account_id for plan in plans if plan.pk in moved),
        len(ended[PlanState.KEPT]),
        len(ended[PlanState.BROKEN]),
    )


def lock_account(account_id: int) -> None:
    """Lock an account: one thing at a time is decided about its debt."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [account_id])


def _find_earlier(wish: Wish) -> InstalmentPlan | Approval | None:
    rows = InstalmentPlan.objects.filter(account_id=wish.account_id, request_id=wish.request_id)
    asked = Approval.objects.filter(
        kind=APPROVAL_KIND,
        account_id=wish.account_id,
        data__request_id=wish.request_id,
        state=Approval.State.PENDING,
    )
    return rows.first() or asked.first()


def _check(account: Account, wish: Wish, *, debt: OpenDebt, agreement: Agreement) -> Terms:
    if queries.find_active(account.pk) is not None:
        raise UnableToAgree(_("A plan is being paid already: end it first."))
    terms = queries.terms_of(queries.find_policy(account))
    is_alone = wish.door == InstalmentPlan.Door.PORTAL
    who = queries.applicant_of(account.pk, is_alone=is_alone, on=agreement.on, debt=debt)
    obstacle = find_obstacle(wish.parts, terms=terms, who=who, on=agreement.on)
    if obstacle is not None:
        raise UnableToAgree(queries.describe_obstacle(obstacle, terms=terms))
    return terms


def _write(
    account: Account, wish: Wish, *, debt: OpenDebt, terms: Terms, agreement: Agreement
) -> InstalmentPlan:
    shown = {
        "parts": wish.as_data()["parts"],
        "terms": {
            key: None if value is None else str(value) for key, value in asdict(terms).items()
        },
    }
    plan = InstalmentPlan.objects.create(
        account=account,
        debt=wish.total,
        currency=account.currency,
        fee=terms.fee,
        grace_days=terms.grace_days,
        frozen=wish.total,
        agreed_on=agreement.on,
        agreed_at=agreement.now,
        door=wish.door,
        terms=shown,
        actor=agreement.actor,
        on_behalf_of=agreement.on_behalf_of,
        approval_id=agreement.approval_id,
        after_bill_id=queries.find_last_bill(account.pk),
        request_id=wish.request_id,
    )
    _write_parts(plan, wish, debt)
    _charge_fee(plan, agreement)
    kernel.record_event(
        kind="instalments.agreed",
        account_id=account.pk,
        customer_id=account.customer_id,
        happened_at=agreement.now,
        actor=agreement.actor,
        on_behalf_of=agreement.on_behalf_of,
        data={
            "plan_id": plan.pk,
            "amount": str(plan.debt),
            "currency": plan.currency,
            "parts": len(wish.parts),
            "due_on": wish.parts[0].due_on.isoformat(),
            "first": str(wish.parts[0].amount),
        },
    )
    return plan


def _write_parts(plan: InstalmentPlan, wish: Wish, debt: OpenDebt) -> None:
    InstalmentPart.objects.bulk_create(
        InstalmentPart(
            plan=plan,
            account_id=plan.account_id,
            number=number,
            due_on=part.due_on,
            amount=part.amount,
        )
        for number, part in enumerate(wish.parts, start=1)
    )
    taken = take_over(plan.debt, _in_order_of_payment(debt))
    InstalmentCover.objects.bulk_create(
        InstalmentCover(plan=plan, account_id=plan.account_id, bill_id=bill_id, amount=amount)
        for bill_id, amount in taken.items()
        # What no bill explains has no place of its own that could shrink.
        if bill_id != 0
    )


def _in_order_of_payment(debt: OpenDebt) -> list[tuple[int | None, Decimal]]:
    """What is older than all bills, the bills by their day, what is on none yet."""
    older = [(0, one.open) for one in debt.items if one.what == "older"]
    billed = [(one.bill_id, one.open) for one in debt.items if one.bill_id]
    unbilled = [(None, one.open) for one in debt.items if one.what == "unbilled"]
    return [*older, *billed, *unbilled]


def _charge_fee(plan: InstalmentPlan, agreement: Agreement) -> None:
    if not plan.fee:
        return
    posting = Posting(
        account_id=plan.account_id,
        kind=Kind.ONE_OFF,
        ref=FEE_REFS + plan.pk,
        amount=-plan.fee,
        business_date=agreement.on,
        explanation={
            "instalment_plan": plan.pk,
            "title_ru": "Оформление рассрочки",
            "title_en": "Instalment plan",
        },
    )
    accounts.post(
        postings=[posting],
        now=agreement.now,
        actor=agreement.actor,
        on_behalf_of=agreement.on_behalf_of,
    )


def _end(ids: Sequence[int], *, to: str, now: datetime, actor: str) -> list[int]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        # Before the state: the database knows no frozen sum of a plan that is over.
        cursor.execute(CLOSE, [now, actor, list(ids)])
    moved = kernel.change_state(model=InstalmentPlan, ids=list(ids), to=to, at=now, actor=actor)
    if moved:
        kernel.record_events(
            kind=f"instalments.{to}", source_sql=PLAN_EVENTS, params=[now, moved], actor=actor
        )
    return moved
