"""
Addresses of the catalogue's editor, under /crm/tariffs/.
"""

from typing import Final

from django.urls import URLPattern, path

from crm.views.catalogue import (
    comparisons,
    credit,
    decks,
    offers,
    plans,
    previews,
    records,
    zones,
)

_PLANS: Final = [
    # Two names of one page: the menu's, and the section's.
    path("", plans.plan_list, name="catalogue-plans"),
    path("", plans.plan_list, name="catalogue"),
    path("new/", plans.new_plan, name="catalogue-new-plan"),
    path("<int:plan_id>/", plans.plan, name="catalogue-plan"),
    path("<int:plan_id>/names/", plans.rename_plan, name="catalogue-rename-plan"),
    path("<int:plan_id>/draft/", plans.draft_version, name="catalogue-draft-version"),
    path("<int:plan_id>/archive/", plans.archive, name="catalogue-archive-plan"),
    path("versions/<int:version_id>/", plans.version, name="catalogue-plan-version"),
    path("versions/<int:version_id>/terms/", plans.edit_version, name="catalogue-edit-version"),
    path("versions/<int:version_id>/decks/", plans.edit_decks, name="catalogue-edit-decks"),
    path("versions/<int:version_id>/whom/", offers.edit_whom, name="catalogue-edit-whom"),
    path(
        "versions/<int:version_id>/included/", plans.edit_allowance, name="catalogue-new-allowance"
    ),
    path(
        "versions/<int:version_id>/included/<int:allowance_id>/",
        plans.edit_allowance,
        name="catalogue-edit-allowance",
    ),
    path(
        "versions/<int:version_id>/included/<int:allowance_id>/out/",
        plans.remove_allowance,
        name="catalogue-remove-allowance",
    ),
    path("versions/<int:version_id>/publish/", plans.publish, name="catalogue-publish-version"),
    path("versions/<int:version_id>/close/", plans.close, name="catalogue-close-version"),
    path("versions/<int:version_id>/discard/", plans.discard, name="catalogue-discard-version"),
    path("versions/<int:version_id>/preview/", previews.plan, name="catalogue-preview-plan"),
]

_DECKS: Final = [
    path("decks/", decks.deck_list, name="catalogue-decks"),
    path("decks/new/", decks.new_deck, name="catalogue-new-deck"),
    path("decks/<int:deck_id>/", decks.deck, name="catalogue-deck"),
    path("decks/<int:deck_id>/import/", decks.import_file, name="catalogue-import"),
    path("decks/template.<str:form>", decks.template_file, name="catalogue-template"),
    path(
        "deck-versions/<int:version_id>/export.<str:form>",
        decks.export_file,
        name="catalogue-export",
    ),
    path("deck-versions/<int:version_id>/", decks.version, name="catalogue-deck-version"),
    path("deck-versions/<int:version_id>/copy/", decks.copy_version, name="catalogue-copy-deck"),
    path("deck-versions/<int:version_id>/terms/", decks.edit_version, name="catalogue-edit-deck"),
    path("deck-versions/<int:version_id>/times/", decks.edit_band, name="catalogue-new-band"),
    path(
        "deck-versions/<int:version_id>/times/<int:band_id>/",
        decks.edit_band,
        name="catalogue-edit-band",
    ),
    path("deck-versions/<int:version_id>/rules/", decks.edit_terms, name="catalogue-new-terms"),
    path(
        "deck-versions/<int:version_id>/rules/<int:terms_id>/",
        decks.edit_terms,
        name="catalogue-edit-terms",
    ),
    path("deck-versions/<int:version_id>/prices/", decks.edit_rate, name="catalogue-new-rate"),
    path(
        "deck-versions/<int:version_id>/prices/<int:rate_id>/",
        decks.edit_rate,
        name="catalogue-edit-rate",
    ),
    path(
        "deck-versions/<int:version_id>/out/<str:what>/<int:part_id>/",
        decks.remove_part,
        name="catalogue-remove-part",
    ),
    path("deck-versions/<int:version_id>/publish/", decks.publish, name="catalogue-publish-deck"),
    path("deck-versions/<int:version_id>/end/", decks.close, name="catalogue-close-deck"),
    path("deck-versions/<int:version_id>/discard/", decks.discard, name="catalogue-discard-deck"),
    path(
        "deck-versions/<int:version_id>/difference/",
        decks.difference,
        name="catalogue-difference",
    ),
    path("deck-versions/<int:version_id>/preview/", previews.deck, name="catalogue-preview-deck"),
    path("zones/", zones.zone_list, name="catalogue-zones"),
    path("zones/<int:zone_id>/", zones.zone, name="catalogue-zone"),
]

_OFFERS: Final = [
    path("packages/", offers.package_list, name="catalogue-packages"),
    path("packages/new/", offers.new_package, name="catalogue-new-package"),
    path("packages/<int:version_id>/draft/", offers.copy_package, name="catalogue-copy-package"),
    path("packages/<int:version_id>/terms/", offers.edit_package, name="catalogue-edit-package"),
    path(
        "packages/<int:version_id>/included/",
        offers.package_allowance,
        name="catalogue-new-package-allowance",
    ),
    path(
        "packages/<int:version_id>/included/<int:allowance_id>/",
        offers.package_allowance,
        name="catalogue-edit-package-allowance",
    ),
    path(
        "packages/<int:version_id>/publish/",
        offers.publish_package,
        name="catalogue-publish-package",
    ),
    path("packages/<int:version_id>/close/", offers.close_package, name="catalogue-close-package"),
    path("bundles/", offers.bundle_list, name="catalogue-bundles"),
    path("bundles/new/", offers.new_bundle, name="catalogue-new-bundle"),
    path(
        "bundles/<int:version_id>/publish/", offers.publish_bundle, name="catalogue-publish-bundle"
    ),
    path("bundles/<int:version_id>/close/", offers.close_bundle, name="catalogue-close-bundle"),
    path("moves/", offers.moves, name="catalogue-moves"),
    path("moves/rule/", offers.edit_move, name="catalogue-edit-move"),
    path("moves/<int:rule_id>/out/", offers.remove_move, name="catalogue-remove-move"),
    path("comparisons/", comparisons.comparison_list, name="catalogue-comparisons"),
    path("comparisons/new/", comparisons.compare, name="catalogue-compare"),
    path("comparisons/<int:comparison_id>/", comparisons.comparison, name="catalogue-comparison"),
    path("comparisons/<int:comparison_id>/again/", comparisons.retry, name="catalogue-retry"),
    *(
        path(
            f"{what}s/<int:version_id>/discard/",
            offers.discard,
            {"what": what},
            name=f"catalogue-discard-{what}",
        )
        for what in ("package", "bundle")
    ),
]

_CREDIT: Final = [
    path("credit/", credit.overview, name="catalogue-credit"),
    path("credit/rules/new/", credit.promise_rule, name="catalogue-new-promise-rule"),
    path("credit/rules/<int:rule_id>/", credit.promise_rule, name="catalogue-promise-rule"),
    path("credit/classes/new/", credit.credit_class, name="catalogue-new-credit-class"),
    path("credit/classes/<int:class_id>/", credit.credit_class, name="catalogue-credit-class"),
]

#: Not of the catalogue, but told by its explanation: what an account used.
RECORDS: Final = path("accounts/<int:account_id>/records/", records.records, name="records")

PATHS: Final[list[URLPattern]] = [*_PLANS, *_DECKS, *_OFFERS, *_CREDIT]
