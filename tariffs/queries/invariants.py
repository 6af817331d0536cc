"""
What must hold in the catalogue.
"""

from django.utils.translation import gettext as _

from billing_project.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Return what must hold in the catalogue."""
    return [
        Invariant(
            name="tariffs: tax rates follow each other without gaps",
            sql="""
                SELECT category, valid_to, following FROM (
                    SELECT category, valid_to,
                           lead(valid_from) OVER (PARTITION BY category ORDER BY valid_from)
                           AS following
                      FROM tariffs_taxrate) AS r
                 WHERE following IS NOT NULL AND valid_to IS DISTINCT FROM following
            """,
            why=_("On some days a tax category has no rate, so no bill can be issued."),
        ),
        Invariant(
            name="tariffs: published plans use decks of the right kind",
            sql="""
                SELECT d.plan_version_id, d.usage_kind, k.usage_kind AS deck_kind
                  FROM tariffs_plandeck d JOIN tariffs_ratedeck k ON k.id = d.deck_id
                  JOIN tariffs_planversion v ON v.id = d.plan_version_id
                 WHERE v.published_at IS NOT NULL AND d.usage_kind <> k.usage_kind
            """,
            why=_("A plan would price one kind of usage by the prices of another."),
        ),
    ]
