"""
Prices of a company's own as the desk sees them, and what they may be agreed for.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import DeckOverride, FeeOverride, PlanAssignment
from crm.queries import staff
from crm.queries.history.words import is_russian, money
from tariffs.models import Plan, PlanVersion, RateDeck, RateDeckVersion


@dataclass(frozen=True, slots=True)
class PriceView:
    """One price: what it is for and how much, its days (the last one included), who agreed."""

    pk: int
    kind: str
    what: str
    price: str
    usual: str
    active_from: date
    last: date | None
    reason: str
    who: str
    state: str

    @property
    def can_end(self) -> bool:
        """Whether days of it are to come."""
        return self.state != "over"


def list_prices(customer_id: int, *, on: date) -> list[PriceView]:
    """Return all prices of the company: those in force, those to come, those that are over."""
    prices = accounts_queries.list_company_prices(customer_id=customer_id)
    names = staff.names_of({row.actor for row in (*prices.fees, *prices.decks)})
    views = [_fee_view(row, names, on=on) for row in prices.fees]
    views += [_deck_view(row, names, on=on) for row in prices.decks]
    order = ("now", "soon", "over")
    return sorted(views, key=lambda view: (order.index(view.state), -view.active_from.toordinal()))


def _fee_view(row: FeeOverride, names: dict[str, str], *, on: date) -> PriceView:
    version = row.plan_version
    return PriceView(
        kind="fee",
        what=f"{_plan_name(version.plan)} · № {version.number}",
        price=f"{money(row.fee, 'RUB')} {version.get_fee_period_display()}",
        usual=money(version.fee, "RUB"),
        **_common(row, names, on=on),  # type: ignore[arg-type]
    )


def _deck_view(row: DeckOverride, names: dict[str, str], *, on: date) -> PriceView:
    return PriceView(
        kind="deck",
        what=str(row.get_usage_kind_display()),
        price=row.deck.name,
        usual="",
        **_common(row, names, on=on),  # type: ignore[arg-type]
    )


def _common(
    row: FeeOverride | DeckOverride, names: dict[str, str], *, on: date
) -> dict[str, object]:
    return {
        "pk": row.pk,
        "active_from": row.active_from,
        "last": row.active_to - timedelta(days=1) if row.active_to else None,
        "reason": row.reason,
        "who": names.get(row.actor, row.actor),
        "state": _state(row, on),
    }


def _state(row: FeeOverride | DeckOverride, on: date) -> str:
    if row.active_to is not None and row.active_to <= on:
        return "over"
    return "soon" if row.active_from > on else "now"


def find_price(kind: str, price_id: int) -> FeeOverride | DeckOverride | None:
    """Return a price (`fee` or `deck`) with its customer, or None."""
    models: dict[str, type[FeeOverride | DeckOverride]] = {"fee": FeeOverride, "deck": DeckOverride}
    if kind not in models:
        return None
    rows = models[kind].objects.select_related("customer")
    found: FeeOverride | DeckOverride | None = rows.filter(pk=price_id).first()
    return found


def list_versions(customer_id: int) -> list[PlanVersion]:
    """Return the published plan versions that the company has, then those it may have."""
    on_them = PlanAssignment.objects.filter(
        plan_version=OuterRef("pk"), account__customer_id=customer_id, active_to=None
    )
    rows = PlanVersion.objects.filter(published_at__isnull=False).annotate(is_held=Exists(on_them))
    for_companies = Q(plan__is_archived=False) & ~Q(plan__audience=Plan.Audience.PERSON)
    rows = rows.filter(for_companies | Q(is_held=True)).select_related("plan")
    return list(rows.order_by("-is_held", "plan__service", "plan__code", "-number"))


def list_decks() -> list[RateDeck]:
    """Return the decks that have a published version."""
    published = RateDeckVersion.objects.filter(deck=OuterRef("pk"), published_at__isnull=False)
    return list(RateDeck.objects.filter(Exists(published)).order_by("usage_kind", "name"))


def version_label(version: PlanVersion) -> str:
    """Return a plan version as a choice: name, number, usual fee."""
    fee = f"{money(version.fee, 'RUB')} {version.get_fee_period_display()}"
    return f"{_plan_name(version.plan)} · № {version.number} · {fee}"


def deck_label(deck: RateDeck) -> str:
    """Return a deck as a choice: the usage it prices and its name."""
    return f"{str(deck.get_usage_kind_display()).capitalize()} · {deck.name}"


def end_words(price: FeeOverride | DeckOverride) -> str:
    """Return what the end of a price means."""
    if isinstance(price, FeeOverride):
        return _("Periods that begin later cost what is published; what is billed already stays.")
    return _("Usage of later days is priced by the deck of the plan.")


def _plan_name(plan: Plan) -> str:
    return str(plan.name_ru if is_russian() else plan.name_en)
