"""The demo's household and company: who sees what, one bill of the company, what they ask."""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accounts import queries as accounts_queries
from accounts.domain.households import Right
from accounts.models import BundleHolding, User
from billing_project.demo.people import FIXED_BASE, MOBILE_BASE
from billing_project.demo.sell import create_operator, put_on_sale
from billing_project.demo.stories import UNITS, Numbers, Stories, begin_stories, end_stories
from billing_project.invariants import broken_promises
from billing_project.kernel import operations as kernel
from crm.models import Ticket
from invoicing import operations
from invoicing.models import ConsolidatedBill, Dispute, Note

pytestmark = pytest.mark.django_db
MOSCOW = ZoneInfo("Europe/Moscow")
FIRST, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


def at(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=MOSCOW)


@pytest.fixture
def stories() -> Stories:
    """Begun on 1 September, billed for September and October."""
    kernel.ensure_months(first=date(2026, 7, 1), last=date(2026, 12, 1))
    versions = put_on_sale(now=at(date(2026, 7, 1)))
    told = Stories(create_operator(), versions, Numbers(MOBILE_BASE, FIXED_BASE), at(FIRST))
    begin_stories(told)
    for morning in (OCTOBER, NOVEMBER):
        when = {"business_date": morning, "now": at(morning), "actor": "system:test"}
        operations.charge_fees(**when)
        operations.issue_bills(**when)
        operations.consolidate_bills(**when)
    return told


def test_what_is_told(stories: Stories) -> None:
    agent = User.objects.create_user("agent", "x", kind=User.Kind.STAFF, full_name="Агентова Анна")
    end_stories(stories, now=at(date(2026, 11, 10)), agent=agent)
    seen = accounts_queries.relations.list_seen_accounts(stories.accounts["payer"].customer_id)
    assert {one.id: one.right for one in seen} == {
        stories.accounts[role].pk: Right.MANAGE if role == "payer" else Right.PAY
        for role in ("owner", "payer", "user", "child")
    }
    assert BundleHolding.objects.get().account == stories.accounts["owner"]
    _check_company(stories)
    dispute = Dispute.objects.get()
    assert (dispute.account_id, dispute.state) == (stories.accounts["payer"].pk, "open")
    assert dispute.amount == Decimal("590.00")
    note = Note.objects.get()
    assert (note.account_id, note.gross) == (stories.accounts["Склад"].pk, Decimal("60.00"))
    assert sorted(Ticket.objects.values_list("state", flat=True)) == ["answered", "open"]
    assert broken_promises() == []


def _check_company(stories: Stories) -> None:
    company = stories.accounts["company"].customer_id
    units = [one.name for one in accounts_queries.relations.list_units(company)]
    assert sorted(units) == sorted(unit.name for unit in UNITS if unit.name)
    papers = ConsolidatedBill.objects.filter(customer_id=company).order_by("number")
    # Murmansk is billed apart, and alone.
    assert [paper.parts.count() for paper in papers] == [len(UNITS) - 1] * 2
    fees = sum(
        stories.versions[code].fee for unit in UNITS if not unit.is_billed_apart
        for code in unit.plans if stories.versions[code].tax_included
    )  # fmt: skip
    taxed = sum(
        stories.versions[code].fee for unit in UNITS if not unit.is_billed_apart
        for code in unit.plans if not stories.versions[code].tax_included
    )  # fmt: skip
    assert papers[1].gross == fees + taxed * Decimal("1.22")
