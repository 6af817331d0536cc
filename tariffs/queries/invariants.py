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
        Invariant(
            name="tariffs: a replaced deck version has one in its place",
            sql="""
                SELECT o.id, o.deck_id, o.replaced_at, count(n.id) AS successors
                  FROM tariffs_ratedeckversion o
                  LEFT JOIN tariffs_ratedeckversion n
                    ON n.replaces_id = o.id AND n.published_at IS NOT NULL
                   AND n.deck_id = o.deck_id
                   AND n.valid_from = o.valid_from
                 GROUP BY o.id
                HAVING count(n.id) <> CASE WHEN o.replaced_at IS NULL THEN 0 ELSE 1 END
            """,
            why=_("Days of a deck are priced twice, or by nothing, after a correction."),
        ),
        Invariant(
            name="tariffs: zones of a scheme have prefixes of their own scheme",
            sql="""
                SELECT p.id, p.prefix, p.scheme_id, z.scheme_id AS scheme_of_zone
                  FROM tariffs_zoneprefix p JOIN tariffs_zone z ON z.id = p.zone_id
                 WHERE p.scheme_id IS DISTINCT FROM z.scheme_id
            """,
            why=_("A number would lead to a zone of another price list."),
        ),
    ]
