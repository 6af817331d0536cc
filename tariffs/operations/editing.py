"""
Drafts edited row by row: whatever belongs to a version that is not published yet.

Rows come as unsaved or changed instances that their forms have checked; here it is made sure, under
a lock, that the version is still a draft. The triggers in migrations/sql refuse it as well.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tariffs.models import (
    Allowance,
    Band,
    Package,
    PackageVersion,
    Plan,
    PlanDeck,
    PlanProduct,
    PlanVersion,
    PriceModel,
    Rate,
    RateDeckVersion,
    RateStep,
    Surcharge,
    ZoneTerms,
)

#: Columns that a copied version doesn't take over.
_OF_ITS_OWN: Final = frozenset({"id", "number", "published_at", "closed_on", "replaced_at"})
_COPIED_AT_ONCE: Final = 5_000

Row = TypeVar("Row", bound=models.Model)


class UnableToEdit(Exception):
    """The version is published, or the row contradicts another one; `field` may say where."""

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def lock_draft(version: models.Model) -> None:
    """Keep a version from being published while it is edited; inside the caller's transaction."""
    manager: models.Manager[Any] = type(version)._default_manager
    found = manager.select_for_update(no_key=True).filter(pk=version.pk).first()
    if found is None:
        raise UnableToEdit(_("The draft is gone: somebody discarded it."))
    if found.published_at:
        raise UnableToEdit(_("This version is published: it never changes. Draft a new one."))


@transaction.atomic
def save_draft(*, version: models.Model) -> None:
    """Write the terms of a draft version."""
    lock_draft(version)
    _saved(version)


@transaction.atomic
def save_part(*, version: models.Model, row: models.Model) -> None:
    """Write a row of a draft version: an allowance, a tariff time, a price, a counting rule …"""
    lock_draft(version)
    _saved(row)


def _saved(row: models.Model) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "no_overlap" in str(error):
            message = _("Another version of the deck is in force on some of these days.")
            raise UnableToEdit(message, field="valid_from") from error
        raise UnableToEdit(_("The row contradicts another one of the version.")) from error


@transaction.atomic
def save_rate(*, version: RateDeckVersion, rate: Rate, steps: Iterable[RateStep]) -> None:
    """Write a price of a draft with its steps, which take the place of those it had."""
    save_part(version=version, row=rate)
    rate.steps.all().delete()
    _write_details(rate, "rate", steps)


@transaction.atomic
def save_terms(
    *, version: RateDeckVersion, terms: ZoneTerms, surcharges: Iterable[Surcharge]
) -> None:
    """Write a counting rule of a draft with its surcharges, in the place of those it had."""
    save_part(version=version, row=terms)
    terms.surcharges.all().delete()
    _write_details(terms, "terms", surcharges)


def _write_details(parent: models.Model, name: str, rows: Iterable[models.Model]) -> None:
    for row in rows:
        setattr(row, name, parent)
        _saved(row)


@transaction.atomic
def remove_part(*, version: models.Model, row: models.Model) -> None:
    """Take a row out of a draft version."""
    lock_draft(version)
    try:
        with transaction.atomic():
            row.delete()
    except (models.ProtectedError, IntegrityError) as error:
        raise UnableToEdit(_("The row is used by others.")) from error


@transaction.atomic
def set_plan_decks(*, version: PlanVersion, decks: Mapping[str, int | None]) -> None:
    """Choose the deck of each kind of usage of a draft; None = the kind has no price."""
    lock_draft(version)
    version.decks.all().delete()
    PlanDeck.objects.bulk_create(
        PlanDeck(plan_version=version, usage_kind=kind, deck_id=deck_id)
        for kind, deck_id in decks.items()
        if deck_id
    )


@transaction.atomic
def discard_draft(*, version: models.Model) -> None:
    """Delete a draft version with everything in it."""
    lock_draft(version)
    try:
        with transaction.atomic():
            version.delete()
    except (models.ProtectedError, IntegrityError) as error:
        raise UnableToEdit(_("The draft is used by others.")) from error


@transaction.atomic
def copy_plan_version(*, version_id: int, on_sale_from: date) -> PlanVersion:
    """Draft the next version of a plan with the terms, allowances and decks of a present one."""
    source = PlanVersion.objects.get(pk=version_id)
    Plan.objects.select_for_update(no_key=True).get(pk=source.plan_id)
    latest = PlanVersion.objects.filter(plan=source.plan_id).aggregate(latest=Max("number"))
    draft = _copy(source, number=(latest["latest"] or 0) + 1, on_sale_from=on_sale_from)
    # A date on which subscribers move is of the version it was written for.
    draft.effect, draft.moves_on = PlanVersion.Effect.KEEP, None
    draft.save()
    for model in (PlanDeck, PlanProduct, Allowance):
        _copy_rows(model, "plan_version", source=source, draft=draft)
    return draft


@transaction.atomic
def copy_package_version(*, version_id: int, on_sale_from: date) -> PackageVersion:
    """Draft the next version of a package with the terms and allowances of a present one."""
    source = PackageVersion.objects.get(pk=version_id)
    # Whoever drafts the next version from another one waits: numbers follow each other.
    Package.objects.select_for_update(no_key=True).get(pk=source.package_id)
    versions = PackageVersion.objects.filter(package=source.package_id)
    latest = versions.aggregate(latest=Max("number"))["latest"]
    draft = _copy(source, number=latest + 1, on_sale_from=on_sale_from)
    draft.save()
    _copy_rows(Allowance, "package_version", source=source, draft=draft)
    for fit in source.package_plans.all():
        _copy(fit, package_version=draft).save()
    return draft


@transaction.atomic
def copy_deck_version(
    *, version_id: int, valid_from: date, valid_to: date | None = None, replaces: bool = False
) -> RateDeckVersion:
    """
    Draft a version of a deck with all the prices of a present one.

    With `replaces` it is a correction: for the same days, in the place of the old one.
    """
    source = RateDeckVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    draft = _copy(source, valid_from=valid_from, valid_to=valid_to, replaces_id=None)
    if replaces:
        draft.valid_from, draft.valid_to = source.valid_from, source.valid_to
        draft.replaces = source
    _saved(draft)
    bands = _copy_mapped(Band, source, draft)
    price_models = _copy_mapped(PriceModel, source, draft)
    terms = _copy_mapped(ZoneTerms, source, draft)
    rates = _copy_mapped(Rate, source, draft, band_id=bands, model_id=price_models)
    _copy_details(Surcharge, "terms", parents=terms)
    _copy_details(RateStep, "rate", parents=rates)
    return draft


def _copy(row: Row, **changed: Any) -> Row:
    """Return an unsaved row with the columns of another."""
    columns = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in _OF_ITS_OWN
    }
    return type(row)(**{**columns, **changed})


def _copy_rows(
    model: type[models.Model], name: str, *, source: models.Model, draft: models.Model
) -> None:
    rows = model._default_manager.filter(**{name: source}).order_by("pk")
    model._default_manager.bulk_create(_copy(row, **{f"{name}_id": draft.pk}) for row in rows)


def _copy_mapped(
    model: type[models.Model],
    source: RateDeckVersion,
    draft: RateDeckVersion,
    **parents: Mapping[int, int],
) -> dict[int, int]:
    """Copy a version's rows; return the new ids by the old ones."""
    rows = list(model._default_manager.filter(deck_version=source).order_by("pk"))
    copies = []
    for row in rows:
        moved = {
            name: ids[getattr(row, name)]
            for name, ids in parents.items()
            if getattr(row, name) is not None
        }
        copies.append(_copy(row, deck_version_id=draft.pk, **moved))
    written = model._default_manager.bulk_create(copies, batch_size=_COPIED_AT_ONCE)
    return {row.pk: copy.pk for row, copy in zip(rows, written, strict=True)}


def _copy_details(model: type[models.Model], name: str, *, parents: Mapping[int, int]) -> None:
    rows = model._default_manager.filter(**{f"{name}__in": list(parents)}).order_by("pk")
    column = f"{name}_id"
    model._default_manager.bulk_create(
        (_copy(row, **{column: parents[getattr(row, column)]}) for row in rows),
        batch_size=_COPIED_AT_ONCE,
    )
