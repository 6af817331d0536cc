"""
The plan history of services, told by offers: with their packages and a company's own decks.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from accounts.queries.columns import FOREVER, PlanColumns, plan_history_columns
from accounts.queries.sales import list_company_decks, package_history_columns
from tariffs.domain.deck import UsageKind
from tariffs.domain.offers import DeckSpan, OfferParts, Span, split_history

Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class OfferHistory:
    """
    Plan history in which `plan_version_id` is an offer's id, and the offers that are no plan version.

    `tariffs.domain.offers.price_offers` says what prices them.
    """

    plans: PlanColumns
    offers: tuple[OfferParts, ...]


def load_offer_history() -> OfferHistory:
    """Return the plan history of every service, cut where packages and own decks begin and end."""
    plans, packages = plan_history_columns(), package_history_columns()
    decks = [
        DeckSpan(
            row.subscription_id,
            UsageKind.from_code(row.usage_kind),
            row.deck_id,
            _midnight(row.active_from),
            _midnight(row.active_to) if row.active_to else FOREVER,
        )
        for row in list_company_decks()
    ]
    with_own = np.array([deck.subscription_id for deck in decks], np.int64)
    concerned = np.isin(plans.subscription_id, np.concatenate([packages.subscription_id, with_own]))
    if not concerned.any():
        return OfferHistory(plans, ())
    columns = (plans.subscription_id, plans.plan_version_id, plans.active_from, plans.active_to)
    spans = (Span(*row) for row in zip(*(one[concerned].tolist() for one in columns), strict=True))
    held = zip(
        packages.subscription_id.tolist(),
        packages.package_version_id.tolist(),
        packages.active_from.tolist(),
        packages.active_to.tolist(),
        strict=True,
    )
    history, offers = split_history(spans, packages=[Span(*row) for row in held], decks=decks)
    return OfferHistory(_joined(plans, ~concerned, history), tuple(offers))


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(settings.TIME_ZONE)).timestamp())


def _joined(plans: PlanColumns, kept: Bools, history: list[Span]) -> PlanColumns:
    """Put the rows that were cut in the place of those they come from, sorted as before."""
    account_of = dict(zip(plans.subscription_id.tolist(), plans.account_id.tolist(), strict=True))
    cut = np.array(
        [(row[0], account_of[row[0]], row[1], row[2], row[3]) for row in history], np.int64
    ).reshape(-1, 5)
    whole = [
        np.concatenate([column[kept], cut[:, place]])
        for place, column in enumerate(
            (
                plans.subscription_id,
                plans.account_id,
                plans.plan_version_id,
                plans.active_from,
                plans.active_to,
            )
        )
    ]
    order = np.lexsort((whole[3], whole[0]))
    return PlanColumns(*(column[order] for column in whole))
