"""
What must hold of bundles as they are held.
"""

from typing import Final

from django.utils.translation import gettext as _

from billing_project.kernel.invariants import Invariant

SHARES: Final = """
    SELECT h.account_id, h.id, v.price, count(s.id) AS shares, sum(s.fee) AS total
      FROM accounts_bundleholding h
      JOIN tariffs_bundleversion v ON v.id = h.bundle_version_id
      LEFT JOIN accounts_bundleshare s ON s.holding_id = h.id AND s.until IS NULL
     WHERE h.active_to IS NULL
     GROUP BY h.account_id, h.id, v.id, v.price
    HAVING count(s.id) <> (SELECT count(*) FROM tariffs_bundlepart p
                            WHERE p.bundle_version_id = v.id)
        OR sum(s.fee) <> least(v.price, sum(s.full_fee)) AND v.price IS NOT NULL
"""
ENDED: Final = """
    SELECT s.account_id, s.id FROM accounts_bundleshare s
      JOIN accounts_bundleholding h ON h.id = s.holding_id
      JOIN accounts_subscription x ON x.id = s.subscription_id
     WHERE s.until IS NULL AND (h.active_to IS NOT NULL OR x.state = 'terminated')
"""


def held_invariants() -> list[Invariant]:
    """Return what must hold of bundles."""
    told = [
        ("shares of a bundle make its price", SHARES, _("A bundle costs other than its price.")),
        (
            "a bundle ends with its parts",
            ENDED,
            _("A part that ended, or whose bundle did, costs its share still."),
        ),
    ]
    return [Invariant(name=f"accounts: {name}", sql=sql, why=why) for name, sql, why in told]
