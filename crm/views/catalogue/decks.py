"""
Rate decks: lists, versions, prices page by page, tariff times, counting rules, publishing.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.forms.catalogue import decks as forms
from crm.forms.catalogue.plans import DayForm, SureForm
from crm.operations import catalogue as operations
from crm.queries.catalogue import deck_versions as version_queries
from crm.queries.catalogue import decks as queries
from crm.views.catalogue.asking import address, edit, number, one, sent, text
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from tariffs import operations as tariffs_operations
from tariffs import queries as tariffs_queries
from tariffs.domain.drafts import BandDraft
from tariffs.formats.deck_files import deck_template, export_deck
from tariffs.formats.tables import UnreadableTable
from tariffs.models import Band, Rate, RateDeckVersion, ZoneTerms
from tariffs.models.decks import UsageKind
from tariffs.operations import editing

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_GET
@door("see_catalogue")
def deck_list(request: HttpRequest) -> HttpResponse:
    """List decks."""
    asked: dict[str, Any] = {"text": text(request, "text"), "kind": text(request, "kind")}
    rows = queries.list_decks(**asked, after=text(request, "after"))
    context = {
        "rows": rows,
        "chosen": asked,
        "kinds": UsageKind.choices,
        "next": rows[-1].deck.code if len(rows) == queries.PAGE else "",
        "section": "decks",
    }
    return page(request, "crm/catalogue/decks.html", context)


@require_GET
@door("see_catalogue")
def deck(request: HttpRequest, deck_id: int) -> HttpResponse:
    """Show a deck with its versions as a time line, and the plans that use it."""
    found = one(queries.find_deck(deck_id))
    context = {
        "deck": found,
        "versions": version_queries.list_versions(deck_id, on=timezone.localdate()),
        "plans": queries.list_plans_of(deck_id),
        "section": "decks",
    }
    return page(request, "crm/catalogue/deck.html", context)


@require_GET
@door("see_catalogue")
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show a version: tariff times as a week, counting rules, a page of its prices."""
    found = one(version_queries.find_version(version_id))
    wanted, after = text(request, "text"), request.GET.get("after", "").replace("\0", "")
    rates = queries.list_rates(found, text=wanted, after=after)
    bands = queries.list_bands(version_id)
    previous = version_queries.find_previous(found)
    context = {
        "version": found,
        "deck": found.deck,
        "state": version_queries.state_of(found, timezone.localdate()),
        "bands": bands,
        "week": queries.draw_bands([view.band for view in bands]),
        "terms": queries.list_terms(found),
        "rates": rates,
        "text": wanted,
        "next": queries.key_of(rates[-1]) if len(rates) == queries.PAGE else "",
        "previous": previous,
        "changes": version_queries.count_changes(previous, found) if previous else None,
        "section": "decks",
    }
    return page(request, "crm/catalogue/deck_version.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def new_deck(request: HttpRequest) -> HttpResponse:
    """Create a deck with a first draft: one tariff time, one counting rule, no prices."""
    form = forms.NewDeckForm(sent(request))
    if is_sent(request, form):
        data = form.cleaned_data
        created = tariffs_operations.create_deck(
            code=data["code"], name=data["name"], usage_kind=data["usage_kind"]
        )
        drafted = tariffs_operations.draft_deck_version(
            deck=created,
            valid_from=data["valid_from"],
            bands=[BandDraft("always", "Круглосуточно", "Round the clock")],
            rates=[],
        )
        return go(request, "crm:catalogue-deck-version", drafted.pk)
    back = address("decks")
    return show_form(request, form, title=_("New rate deck"), back=back, send=_("Create"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def copy_version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Draft a version with the prices of this one: a later one, or its correction."""
    found = one(version_queries.find_version(version_id))
    day = max(timezone.localdate(), found.valid_from) + timedelta(days=1)
    form = forms.CopyDeckForm(sent(request), initial={"valid_from": day})
    made: list[RateDeckVersion] = []

    def act() -> str:
        made.append(editing.copy_deck_version(version_id=version_id, **form.cleaned_data))
        return _("The version is drafted, with all prices of this one.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=(editing.UnableToEdit,)):
        return go(request, "crm:catalogue-deck-version", made[0].pk)
    back = address("deck-version", version_id)
    title = _("New version from this one")
    return show_form(request, form, title=title, back=back, send=_("Draft"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Edit a draft's period, time zone and rounding."""
    found = one(version_queries.find_version(version_id))
    form = forms.DeckVersionForm(sent(request), instance=found)

    def act() -> str:
        editing.save_draft(version=form.save(commit=False))
        return _("The terms are saved.")

    return edit(request, form, act, back=address("deck-version", version_id), title=_("Terms"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_band(request: HttpRequest, version_id: int, band_id: int | None = None) -> HttpResponse:
    """Add a tariff time to a draft, or change one."""
    found = one(version_queries.find_version(version_id))
    row = one(found.bands.filter(pk=band_id).first()) if band_id else Band(deck_version=found)
    form = forms.BandForm(sent(request), instance=row)

    def act() -> str:
        editing.save_part(version=found, row=form.save(commit=False))
        return _("The tariff time is saved.")

    back = address("deck-version", version_id)
    return edit(request, form, act, back=back, title=_("Tariff time"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_rate(request: HttpRequest, version_id: int, rate_id: int | None = None) -> HttpResponse:
    """Add a price to a draft, or change one."""
    found = one(version_queries.find_version(version_id))
    row = one(found.rates.filter(pk=rate_id).first()) if rate_id else Rate(deck_version=found)
    form = forms.RateForm(sent(request), instance=row)

    def act() -> str:
        editing.save_rate(version=found, rate=form.save(commit=False), steps=form.step_rows())
        return _("The price is saved.")

    return edit(request, form, act, back=address("deck-version", version_id), title=_("Price"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_terms(request: HttpRequest, version_id: int, terms_id: int | None = None) -> HttpResponse:
    """Add a counting rule to a draft, or change one."""
    found = one(version_queries.find_version(version_id))
    row = (
        one(found.terms.filter(pk=terms_id).first()) if terms_id else ZoneTerms(deck_version=found)
    )
    form = forms.TermsForm(sent(request), instance=row)

    def act() -> str:
        rows = form.surcharge_rows()
        editing.save_terms(version=found, terms=form.save(commit=False), surcharges=rows)
        return _("The counting rule is saved.")

    back = address("deck-version", version_id)
    return edit(request, form, act, back=back, title=_("Counting rule"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def remove_part(request: HttpRequest, version_id: int, *, what: str, part_id: int) -> HttpResponse:
    """Take a tariff time (with its prices), a price or a counting rule out of a draft."""
    found = one(version_queries.find_version(version_id))
    rows: dict[str, type[Band | Rate | ZoneTerms]] = {
        "band": Band,
        "rate": Rate,
        "terms": ZoneTerms,
    }
    if what not in rows:
        raise Http404
    row = one(rows[what].objects.filter(deck_version=found, pk=part_id).first())
    form = SureForm(sent(request))

    def act() -> str:
        editing.remove_part(version=found, row=row)
        return _("It is taken out.")

    lede = _("All its prices go with it.") if what == "band" else ""
    back = address("deck-version", version_id)
    title = _("Take out")
    return edit(
        request, form, act, back=back, title=title, send=title, is_grave=True, lede=lede, grid=""
    )


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def discard(request: HttpRequest, version_id: int) -> HttpResponse:
    """Delete a draft with all its prices."""
    found = one(version_queries.find_version(version_id))
    form = SureForm(sent(request))

    def act() -> str:
        editing.discard_draft(version=found)
        return _("The draft is deleted.")

    title = _("Delete the draft")
    back = address("deck", found.deck_id)
    return edit(request, form, act, back=back, title=title, send=title, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def publish(request: HttpRequest, version_id: int) -> HttpResponse:
    """Publish a draft, after a look at what it changes."""
    found = one(version_queries.find_version(version_id))
    form = SureForm(sent(request))
    previous = version_queries.find_previous(found)

    def act() -> str:
        operations.publish_deck(
            version_id=version_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The version is published.")

    return edit(
        request,
        form,
        act,
        back=address("deck-version", version_id),
        title=_("Publish the version"),
        refusals=(tariffs_operations.UnableToPublishDeck,),
        send=_("Publish"),
        outcome="crm/catalogue/publish_deck.html",
        version=found,
        previous=previous,
        changes=version_queries.count_changes(previous, found) if previous else None,
        plans=queries.list_plans_of(found.deck_id),
        lede=_("A published version never changes: what was wrong is put right by the next one."),
        grid="",
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def close(request: HttpRequest, version_id: int) -> HttpResponse:
    """Set the day on which a version ends."""
    found = one(version_queries.find_version(version_id))
    form = DayForm(
        sent(request),
        label=_("Prices nothing from"),
        help_text=_("Usage of a day without a version waits in suspense: have the next one ready."),
    )

    def act() -> str:
        operations.close_deck(
            version_id=version_id,
            valid_to=form.cleaned_data["day"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The version has an end.")

    return edit(
        request,
        form,
        act,
        back=address("deck", found.deck_id),
        title=_("End the version"),
        refusals=(tariffs_operations.UnableToCloseDeckVersion,),
        is_grave=True,
        grid="",
    )


@require_GET
@door("see_catalogue")
def difference(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show the prices that differ from another version's, page by page."""
    found = one(version_queries.find_version(version_id))
    other_id = number(request, "with")
    previous = (
        version_queries.find_version(other_id) if other_id else version_queries.find_previous(found)
    )
    previous = one(previous)
    after = text(request, "after")
    context: dict[str, object] = {
        "version": found,
        "deck": found.deck,
        "previous": previous,
        "changes": version_queries.count_changes(previous, found),
        "section": "decks",
    }
    try:
        rows = version_queries.list_changed_prices(previous, found, after=after)
    except tariffs_queries.UnableToExportDeck as refusal:
        return page(request, "crm/catalogue/difference.html", {**context, "refusal": refusal})
    is_full = len({row.key for row in rows}) == queries.PAGE
    context |= {"rows": rows, "next": rows[-1].key if is_full else ""}
    return page(request, "crm/catalogue/difference.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def import_file(request: HttpRequest, deck_id: int) -> HttpResponse:
    """Draft a version out of a CSV or XLSX file; faults are listed by line."""
    found = one(queries.find_deck(deck_id))
    form = forms.ImportForm(sent(request), request.FILES or None, deck=found)
    problems: list[object] = []
    if is_sent(request, form):
        try:
            done = tariffs_operations.import_deck(
                deck=found,
                data=form.cleaned_data["file"].read(),
                valid_from=form.cleaned_data["valid_from"],
                replaces_id=form.cleaned_data["replaces"],
            )
        except tariffs_operations.UnableToImportDeck as refusal:
            problems = list(refusal.problems)
        except UnreadableTable as refusal:
            form.add_error("file", str(refusal))
        else:
            told = _("A draft is made: %(lines)s lines, %(prefixes)s prefixes.")
            numbers = {"lines": done.lines, "prefixes": done.prefixes}
            messages.success(request, told % numbers)
            return redirect("crm:catalogue-deck-version", done.version.pk)
    context = {"deck": found, "form": form, "problems": problems, "section": "decks"}
    return page(request, "crm/catalogue/import.html", context)


@require_GET
@door("see_catalogue")
def export_file(request: HttpRequest, version_id: int, form: str) -> HttpResponse:
    """Hand out a version as a table, for people and for the next import."""
    found = one(version_queries.find_version(version_id))
    if form not in CONTENT_TYPES:
        raise Http404
    try:
        data = export_deck(version_id=version_id, form=form)
    except tariffs_queries.UnableToExportDeck as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:catalogue-deck-version", version_id)
    name = f"{found.deck.code}-{found.valid_from:%Y-%m-%d}.{form}"
    return HttpResponse(
        data,
        content_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
@door("edit_catalogue")
def template_file(request: HttpRequest, form: str) -> HttpResponse:
    """Hand out an empty table that shows the columns of an import."""
    if form not in CONTENT_TYPES:
        raise Http404
    return HttpResponse(
        deck_template(form=form),
        content_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="deck.{form}"'},
    )
