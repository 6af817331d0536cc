"""
Offers: a plan version with the packages and the company's own decks that go with it at a moment.

What prices usage sees offers where it saw plan versions; a plan version alone is its own offer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from tariffs.domain.deck import Deck, PlanPricing, UsageKind
from tariffs.domain.packages import PackagePricing

#: Offers that are more than a plan version are numbered from here; plan versions stay below.
FIRST_OFFER: Final = 2**40


class Span(NamedTuple):
    """Something that holds in [start, end), epoch seconds: a plan version, package or deck by id."""

    subscription_id: int
    what: int
    start: int
    end: int


class DeckSpan(NamedTuple):
    """A deck in the place of the plan's for a kind of usage, in [start, end)."""

    subscription_id: int
    kind: UsageKind
    deck_id: int
    start: int
    end: int


Held = TypeVar("Held", Span, DeckSpan)


@dataclass(frozen=True, slots=True)
class OfferParts:
    """What an offer is made of."""

    offer_id: int
    plan_version_id: int
    package_version_ids: tuple[int, ...] = ()
    decks: tuple[tuple[UsageKind, int], ...] = ()


class _Numbers:
    """Numbers what offers are made of, in the order in which they come up."""

    def __init__(self) -> None:
        self.offers: dict[tuple[int, tuple[int, ...], tuple[tuple[UsageKind, int], ...]], int] = {}

    def number(
        self, plan: int, packages: tuple[int, ...], decks: tuple[tuple[UsageKind, int], ...]
    ) -> int:
        if not packages and not decks:
            return plan
        return self.offers.setdefault((plan, packages, decks), FIRST_OFFER + len(self.offers))


def split_history(
    plans: Iterable[Span], *, packages: Iterable[Span], decks: Iterable[DeckSpan] = ()
) -> tuple[list[Span], list[OfferParts]]:
    """
    Cut the plan history of subscriptions where packages and own decks begin and end.

    Returns the history by offers, and what the offers are that aren't just a plan version. While
    there is no plan there is no offer. The work is per span: hand in only subscriptions that have
    packages or own decks.
    """
    numbers = _Numbers()
    packs = _by_subscription(packages)
    owns = _by_subscription(decks)
    history = [
        piece
        for plan in plans
        for piece in _pieces(plan, packs.get(plan[0], []), owns.get(plan[0], []), numbers=numbers)
    ]
    return history, [
        OfferParts(number, plan, packages_held, decks_held)
        for (plan, packages_held, decks_held), number in numbers.offers.items()
    ]


def _by_subscription(spans: Iterable[Held]) -> dict[int, list[Held]]:
    found: dict[int, list[Held]] = {}
    for span in spans:
        found.setdefault(span.subscription_id, []).append(span)
    return found


def _pieces(
    plan: Span, packages: Sequence[Span], decks: Sequence[DeckSpan], *, numbers: _Numbers
) -> Iterable[Span]:
    edges = {moment for pack in packages for moment in (pack.start, pack.end)}
    edges |= {moment for own in decks for moment in (own.start, own.end)}
    cuts = sorted({plan.start, plan.end, *(e for e in edges if plan.start < e < plan.end)})
    last: Span | None = None
    for start, end in pairwise(cuts):
        held = tuple(sorted(p.what for p in packages if p.start <= start < p.end))
        owned = tuple(sorted((d.kind, d.deck_id) for d in decks if d.start <= start < d.end))
        offer = numbers.number(plan.what, held, owned)
        if last is not None and last.what == offer:
            last = last._replace(end=end)
            continue
        if last is not None:
            yield last
        last = Span(plan.subscription_id, offer, start, end)
    if last is not None:
        yield last


def price_offers(
    offers: Iterable[OfferParts],
    *,
    plans: Iterable[PlanPricing],
    packages: Iterable[PackagePricing],
    decks: Mapping[int, tuple[Deck, ...]],
) -> list[PlanPricing]:
    """
    Return what prices each offer: the plan's decks, or the company's own, and all allowances.

    Packages and decks that are unknown bring nothing; an offer of an unknown plan is left out.
    """
    by_plan = {plan.plan_version_id: plan for plan in plans}
    by_package = {package.package_version_id: package.allowances for package in packages}
    return [
        PlanPricing(
            plan_version_id=offer.plan_version_id,
            decks={
                **by_plan[offer.plan_version_id].decks,
                **{kind: decks[deck_id] for kind, deck_id in offer.decks if deck_id in decks},
            },
            allowances=(
                *by_plan[offer.plan_version_id].allowances,
                *(
                    allowance
                    for package_id in offer.package_version_ids
                    for allowance in by_package.get(package_id, ())
                ),
            ),
            offer_id=offer.offer_id,
        )
        for offer in offers
        if offer.plan_version_id in by_plan
    ]
