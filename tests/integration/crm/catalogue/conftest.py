"""A small operator's catalogue, and members of staff on its screens."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from bench.world import Operator, build_operator
from crm.domain.roles import ADMINISTRATOR
from tariffs import operations
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import PlanVersion, RateDeckVersion
from tariffs.operations import editing
from tests.integration.crm.conftest import StaffClient

Address = Callable[..., str]


@pytest.fixture
def operator(db: None) -> Operator:
    """Ten subscribers on a mobile plan with bands and allowances."""
    return build_operator(subscribers=10)


@pytest.fixture
def client(as_role: StaffClient) -> Client:
    """An administrator's browser."""
    return as_role(ADMINISTRATOR)


@pytest.fixture
def deck_version(operator: Operator) -> RateDeckVersion:
    """The published prices of calls."""
    deck = operator.mobile.decks.get(usage_kind="voice").deck
    return deck.versions.select_related("deck").get()


@pytest.fixture
def deck_draft(deck_version: RateDeckVersion) -> RateDeckVersion:
    """The same prices as a draft of the next year."""
    return editing.copy_deck_version(version_id=deck_version.pk, valid_from=date(2027, 1, 1))


@pytest.fixture
def draft(operator: Operator) -> PlanVersion:
    """The mobile plan once more, dearer and with fewer minutes."""
    return operations.draft_plan_version(
        plan=operator.mobile.plan,
        fee=operator.mobile.fee + Decimal(10),
        on_sale_from=date(2027, 1, 1),
        decks={row.usage_kind: row.deck for row in operator.mobile.decks.all()},
        allowances=[AllowanceDraft("voice", 600)],
    )


@pytest.fixture
def at() -> Address:
    """Addresses of the editor by their short names."""
    return lambda name, *args: reverse(f"crm:catalogue-{name}", args=args)
