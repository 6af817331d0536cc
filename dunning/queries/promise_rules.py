"""
Rules of the promised payment, who asks, and whom a rule is for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import Account, Payment, Subscription
from accounts.queries import credit
from billing_project.kernel.money import ZERO
from dunning.domain import promises
from dunning.domain.promise_terms import FEE_SHARE, MISSING
from dunning.domain.promises import Applicant, Paid, Past, PromiseTerms, Rule, Verdict
from dunning.models import CreditRuleChange, PromisedPayment, PromiseRule
from dunning.queries.access import access_of
from dunning.queries.promise_words import explain
from invoicing.queries.recurring import list_recurring
from tariffs.domain.eligibility import Buyer, Conditions

#: A preview counts no further.
MOST_COUNTED: Final = 10_000
#: A fee by the day, for a month.
DAYS_OF_MONTH: Final = 30

DEEPEST: Final = """
    SELECT a.id FROM accounts_account a JOIN ({money}) m ON m.account_id = a.id
     WHERE a.id IN ({accounts}) ORDER BY m.money, a.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Matched:
    """An account a rule is for, and what the rule alone would answer it now."""

    account: Account
    money: Decimal
    verdict: Verdict

    @property
    def sentences(self) -> list[str]:
        """What is in the way, and when it will be gone."""
        return [explain(reason, verdict=self.verdict) for reason in self.verdict.reasons]


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a rule is for: how many (`is_more`: at least so many), those deepest in debt."""

    total: int
    is_more: bool
    deepest: tuple[Matched, ...]

    @property
    def giving(self) -> int:
        """How many of those shown it would give a promise now."""
        return sum(each.verdict.is_allowed for each in self.deepest)


def list_promise_rules() -> list[PromiseRule]:
    """List the rules, also those not offered, in their order."""
    return list(PromiseRule.objects.order_by("position", "pk"))


def load_rules() -> list[Rule]:
    """Load the rules that are offered, as values."""
    rows = PromiseRule.objects.filter(is_active=True).order_by("position", "pk")
    return [to_rule(row) for row in rows]


def to_rule(row: PromiseRule) -> Rule:
    """Return the row as values."""
    return Rule(
        id=row.pk or 0,
        position=row.position,
        terms=_to_terms(row),
        whom=Conditions(
            customer_kinds=frozenset(row.customer_kinds),
            regions=frozenset(row.regions),
            credit_classes=frozenset(row.credit_classes),
            account_kinds=frozenset(row.account_kinds),
        ),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def judge_account(account_id: int, *, rules: Sequence[Rule], now: datetime) -> Verdict:
    """Judge the account by the rules."""
    applicant = load_applicant(account_id, rules=rules, now=now)
    return promises.choose(rules, applicant=applicant, now=timezone.localtime(now))


def load_applicant(account_id: int, *, rules: Sequence[Rule], now: datetime) -> Applicant:
    """Load what the rules look at; what none of them asks is not looked up."""
    account = Account.objects.select_related("customer").get(pk=account_id)
    balance = accounts_queries.get_balance(account_id)
    alive = account.subscriptions.exclude(
        state__in=[Subscription.State.ORDERED, Subscription.State.TERMINATED]
    )
    kinds = {rule.terms.amount_is for rule in rules}
    return Applicant(
        available=balance.money + balance.floor,
        is_closed=account.closed_on is not None,
        has_service=alive.exists(),
        past=_list_past(account_id),
        payments=_list_paid(account_id, rules=rules, now=now),
        opened_on=account.opened_on,
        missing=_sum_missing(account_id) if MISSING in kinds else ZERO,
        monthly_fee=_sum_fees(account_id, now=now) if FEE_SHARE in kinds else ZERO,
        may_promise=credit.get_class(account.credit_class).may_promise,
        buyer=_buyer_of(account),
    )


def paid_since(promise: PromisedPayment) -> Decimal:
    """Return what was paid since the promise was given, reversed payments left out."""
    rows = Payment.objects.filter(
        account_id=promise.account_id,
        state=Payment.State.POSTED,
        paid_at__gte=promise.given_at,
    )
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def preview(row: PromiseRule, *, now: datetime, limit: int = 20) -> Preview:
    """Return whom a rule is for, saved or not; who is deepest in debt and what it would answer."""
    accounts = _accounts_of(row)
    total = accounts[: MOST_COUNTED + 1].count()
    rule = replace(to_rule(row), valid_from=None, valid_to=None)
    ids = _deepest(accounts, limit=limit)
    known = accounts.select_related("customer").in_bulk(ids)
    balances = accounts_queries.get_balances(account_ids=ids)
    deepest = tuple(
        Matched(known[pk], balances[pk].money, judge_account(pk, rules=[rule], now=now))
        for pk in ids
    )
    return Preview(min(total, MOST_COUNTED), total > MOST_COUNTED, deepest)


def list_rule_changes(
    *, what: str = "", object_id: int = 0, limit: int = 50
) -> list[CreditRuleChange]:
    """List who wrote rules and credit classes, newest first."""
    rows = CreditRuleChange.objects.order_by("-pk")
    rows = rows.filter(what=what) if what else rows
    rows = rows.filter(object_id=object_id) if object_id else rows
    return list(rows[:limit])


def _accounts_of(row: PromiseRule) -> QuerySet[Account]:
    accounts = Account.objects.filter(closed_on__isnull=True).order_by()
    if row.account_kinds:
        accounts = accounts.filter(kind__in=row.account_kinds)
    if row.credit_classes:
        accounts = accounts.filter(credit_class__in=row.credit_classes)
    if row.customer_kinds:
        accounts = accounts.filter(customer__kind__in=row.customer_kinds)
    if row.regions:
        regions = [region.lower() for region in row.regions]
        accounts = accounts.annotate(where=Lower("customer__region")).filter(where__in=regions)
    return accounts


def _deepest(accounts: QuerySet[Account], *, limit: int) -> list[int]:
    inner, params = accounts.values("pk").query.sql_with_params()
    sql = DEEPEST.format(money=accounts_queries.MONEY_SQL, accounts=inner)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, limit])
        return [row[0] for row in cursor.fetchall()]


def _to_terms(row: PromiseRule) -> PromiseTerms:
    return PromiseTerms(
        max_amount=row.max_amount,
        days=row.days,
        price=row.price,
        days_between=row.days_between,
        amount_is=row.amount_is,
        fee_percent=row.fee_percent,
        times=row.times,
        times_in=row.times_in,
        times_days=row.times_days,
        min_months=row.min_months,
        history_days=row.history_days,
        min_payments=row.min_payments,
        min_paid=row.min_paid,
        unbroken_months=row.unbroken_months,
        min_debt=row.min_debt,
        max_debt=row.max_debt,
        after_kept=row.after_kept,
    )


def _buyer_of(account: Account) -> Buyer:
    return Buyer(
        customer_kind=account.customer.kind,
        account_kind=account.kind,
        region=account.customer.region,
        credit_class=account.credit_class,
    )


def _list_past(account_id: int) -> tuple[Past, ...]:
    """List the promises so far; of the last one, what was paid by now, be it late."""
    rows = list(PromisedPayment.objects.filter(account_id=account_id).order_by("given_at", "pk"))
    return tuple(
        Past(
            row.given_at,
            row.due_at,
            row.state,
            row.closed_at,
            amount=row.amount,
            paid=paid_since(row) if row is rows[-1] else row.paid,
        )
        for row in rows
    )


def _list_paid(account_id: int, *, rules: Iterable[Rule], now: datetime) -> tuple[Paid, ...]:
    asking = [rule.terms for rule in rules if rule.terms.min_payments or rule.terms.min_paid]
    if not asking:
        return ()
    since = now - timedelta(days=max(terms.history_days for terms in asking))
    rows = Payment.objects.filter(
        account_id=account_id, state=Payment.State.POSTED, paid_at__gte=since, paid_at__lte=now
    )
    return tuple(Paid(*row) for row in rows.order_by("pk").values_list("paid_at", "amount"))


def _sum_missing(account_id: int) -> Decimal:
    return max((view.to_pay for view in access_of(account_id)), default=ZERO)


def _sum_fees(account_id: int, *, now: datetime) -> Decimal:
    """Return what the plans and packages of the account cost a month."""
    fees = (
        each.fee * (DAYS_OF_MONTH if each.fee_period == "day" else 1)
        for each in list_recurring([account_id], now=now)
        if each.what in {"plan", "package"}
    )
    return sum(fees, ZERO)
