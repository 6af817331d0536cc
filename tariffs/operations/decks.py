"""
Rate decks: drafting, publishing after a check, closing. A published version never changes.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tariffs import queries
from tariffs.domain.deck_checks import UnableToUseDeck, check_deck
from tariffs.domain.drafts import BandDraft, RateDraft, TermsDraft
from tariffs.models import Band, Rate, RateDeck, RateDeckVersion, Zone, ZoneScheme, ZoneTerms


class UnableToDraftDeck(Exception):
    """The draft names a zone or band that doesn't exist."""


class UnableToPublishDeck(Exception):
    """The version is published already, or would price wrongly; `problems` says why."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = list(problems)
        super().__init__(message)


class UnableToCloseDeckVersion(Exception):
    """The version isn't published, was replaced, or can't end on that day."""


def create_deck(*, code: str, name: str, usage_kind: str) -> RateDeck:
    """Create a deck without versions; `usage_kind` is voice, sms, data or session."""
    deck = RateDeck(code=code, name=name, usage_kind=usage_kind)
    deck.full_clean()
    deck.save()
    return deck


@transaction.atomic
def draft_deck_version(
    *,
    deck: RateDeck,
    valid_from: date,
    bands: Iterable[BandDraft],
    rates: Iterable[RateDraft],
    terms: Iterable[TermsDraft] = (TermsDraft(),),
    valid_to: date | None = None,
    time_zone: str = "Europe/Moscow",
    rounding: str = "half_up",
    scheme: ZoneScheme | None = None,
    replaces: RateDeckVersion | None = None,
) -> RateDeckVersion:
    """
    Write a draft for [valid_from, valid_to); zones are looked up in the scheme.

    Days of another version are refused when it is published.
    """
    version = RateDeckVersion.objects.create(
        deck=deck,
        valid_from=valid_from,
        valid_to=valid_to,
        time_zone=time_zone,
        rounding=rounding,
        scheme=scheme,
        replaces=replaces,
    )
    zones = dict(Zone.objects.filter(scheme=version.scheme).values_list("code", "id"))
    written = Band.objects.bulk_create(_band(version, band) for band in bands)
    band_ids = {band.code: band.pk for band in written}
    ZoneTerms.objects.bulk_create(_terms(version, row, zones) for row in terms)
    Rate.objects.bulk_create(_rate(version, row, zones, band_ids=band_ids) for row in rates)
    return version


def _band(version: RateDeckVersion, draft: BandDraft) -> Band:
    return Band(
        deck_version=version,
        code=draft.code,
        name_ru=draft.name_ru,
        name_en=draft.name_en,
        weekdays=list(draft.weekdays),
        from_second=draft.from_second,
        to_second=draft.to_second,
        on_holidays=draft.on_holidays,
        priority=draft.priority,
    )


def _terms(version: RateDeckVersion, draft: TermsDraft, zones: dict[str, int]) -> ZoneTerms:
    return ZoneTerms(
        deck_version=version,
        zone_id=_known(draft.zone_code, zones),
        first_increment=draft.first_increment,
        next_increment=draft.next_increment,
        free_units=draft.free_units,
        min_units=draft.min_units,
        grace_units=draft.grace_units,
    )


def _rate(
    version: RateDeckVersion, draft: RateDraft, zones: dict[str, int], *, band_ids: dict[str, int]
) -> Rate:
    band_id = _known(draft.band_code, band_ids)
    if band_id is None:
        raise UnableToDraftDeck(_("A price names no tariff time."))
    return Rate(
        deck_version=version,
        zone_id=_known(draft.zone_code, zones),
        zone_class=draft.zone_class,
        band_id=band_id,
        price=draft.price,
        unit=draft.unit,
        connection_fee=draft.connection_fee,
    )


def _known(code: str, ids: dict[str, int]) -> int | None:
    if not code:
        return None
    if code not in ids:
        message = _("There is no zone or tariff time “%(code)s”.")
        raise UnableToDraftDeck(message % {"code": code})
    return ids[code]


@transaction.atomic
def publish_deck_version(*, version_id: int, now: datetime) -> RateDeckVersion:
    """
    Check the draft as the rating core would read it, and fix it for good.

    The version before it that had no end ends where this one begins; a corrected version takes the
    place of the one it replaces. Any other version for some of its days stands in the way.
    """
    version = RateDeckVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if version.published_at:
        raise UnableToPublishDeck(_("This version is published already."))
    _check_prices(version)
    # Whoever publishes another version of this deck waits.
    RateDeck.objects.select_for_update(no_key=True).get(pk=version.deck_id)
    if version.replaces_id:
        _retire(version, now=now)
    else:
        _end_former(version)
    version.published_at = now
    try:
        with transaction.atomic():
            version.save(update_fields=["published_at", "valid_from", "valid_to"])
    except IntegrityError:
        message = _("Another version of the deck is in force on some of these days.")
        raise UnableToPublishDeck(message) from None
    return version


def _check_prices(version: RateDeckVersion) -> None:
    try:
        check_deck(queries.load_deck(version.pk), zones=queries.load_zones())
    except UnableToUseDeck as refusal:
        problems = [str(problem) for problem in refusal.problems]
        message = _("The deck would price wrongly: %(problems)s")
        told = message % {"problems": "; ".join(problems)}
        raise UnableToPublishDeck(told, problems) from None


def _end_former(version: RateDeckVersion) -> None:
    former = version.deck.versions.filter(
        published_at__isnull=False,
        replaced_at__isnull=True,
        valid_to__isnull=True,
        valid_from__lt=version.valid_from,
    )
    former.update(valid_to=version.valid_from)


def _retire(version: RateDeckVersion, *, now: datetime) -> None:
    """Take the replaced version out of pricing; its days, as they are now, are the new one's."""
    former = RateDeckVersion.objects.select_for_update(no_key=True).get(pk=version.replaces_id or 0)
    if former.deck_id != version.deck_id:
        raise UnableToPublishDeck(_("A version is replaced by one of the same deck only."))
    if not former.published_at or former.replaced_at:
        raise UnableToPublishDeck(_("The version to be replaced is a draft, or replaced already."))
    former.replaced_at = now
    former.save(update_fields=["replaced_at"])
    version.valid_from, version.valid_to = former.valid_from, former.valid_to


@transaction.atomic
def draft_replacement(
    *,
    version_id: int,
    bands: Iterable[BandDraft],
    rates: Iterable[RateDraft],
    terms: Iterable[TermsDraft] = (TermsDraft(),),
    time_zone: str = "Europe/Moscow",
    rounding: str = "half_up",
) -> RateDeckVersion:
    """
    Write a corrected version, for the days of a published one, as a draft.

    Publishing it replaces the wrong one: it prices no more, and what it priced is to be re-rated.
    """
    former = RateDeckVersion.objects.select_related("deck").get(pk=version_id)
    if not former.published_at or former.replaced_at:
        raise UnableToDraftDeck(_("The version to be replaced is a draft, or replaced already."))
    return draft_deck_version(
        deck=former.deck,
        valid_from=former.valid_from,
        valid_to=former.valid_to,
        bands=bands,
        rates=rates,
        terms=terms,
        replaces=former,
        scheme=former.scheme,
        time_zone=time_zone,
        rounding=rounding,
    )


@transaction.atomic
def close_deck_version(*, version_id: int, valid_to: date) -> RateDeckVersion:
    """Set the first day on which a published version no longer prices."""
    version = RateDeckVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if not version.published_at:
        raise UnableToCloseDeckVersion(_("A draft needs no closing."))
    if version.replaced_at:
        # Somebody corrected it meanwhile: it prices nothing, whatever its last day.
        raise UnableToCloseDeckVersion(_("Another version has taken its place: close that one."))
    if valid_to <= version.valid_from:
        raise UnableToCloseDeckVersion(_("The last day lies before the first."))
    version.valid_to = valid_to
    try:
        with transaction.atomic():
            version.save(update_fields=["valid_to"])
    except IntegrityError:
        message = _("Another version of the deck is in force on some of these days.")
        raise UnableToCloseDeckVersion(message) from None
    return version
