"""
Which rows count towards a monthly price model: found by what they were priced with.
"""

from typing import Final

import numpy as np

from billing_project.kernel import binary_copy
from rating.domain.counters import Meter
from rating.domain.revisions import PricedRows
from rating.domain.usage import Ints, PricedColumns

#: Of a deck version's rates for a zone, its class or everything else the first level that has any
#: is taken whole (`tariffs.domain.deck.Deck.priced_zones`). Zone 0 is that of no zone.
METERED: Final = """
    SELECT r.deck_version_id::integer, r.zone_id::integer, r.band_id::integer, r.model_id::integer
      FROM tariffs_rate r
      JOIN tariffs_pricemodel m ON m.id = r.model_id AND m.is_monthly
     WHERE r.zone_id IS NOT NULL
    UNION ALL
    SELECT r.deck_version_id::integer, z.id::integer, r.band_id::integer, r.model_id::integer
      FROM tariffs_rate r
      JOIN tariffs_pricemodel m ON m.id = r.model_id AND m.is_monthly
      JOIN (SELECT id, zone_class FROM tariffs_zone UNION ALL SELECT 0, '') AS z
        ON r.zone_class IN ('', z.zone_class)
     WHERE r.zone_id IS NULL
       AND NOT EXISTS (SELECT FROM tariffs_rate o
                        WHERE o.deck_version_id = r.deck_version_id AND o.zone_id = z.id)
       AND (r.zone_class <> '' OR z.zone_class = ''
            OR NOT EXISTS (SELECT FROM tariffs_rate o
                            WHERE o.deck_version_id = r.deck_version_id AND o.zone_id IS NULL
                              AND o.zone_class = z.zone_class))
"""
OF_VERSIONS: Final = f"SELECT * FROM ({METERED}) AS m WHERE m.deck_version_id = ANY(%s)"


def models_of(rows: PricedRows) -> Ints:
    """Return the monthly price model that counts each row, 0 where none does."""
    versions = np.unique(rows.deck_version_id).tolist()
    columns = binary_copy.copy_out(sql=OF_VERSIONS, params=[versions], types=["integer"] * 4)
    found = np.zeros(len(rows), np.int64)
    if not len(columns[0]):
        return found
    places = zip(*(column.tolist() for column in columns[:3]), strict=True)
    model = dict(zip(places, columns[3].tolist(), strict=True))
    keys = np.stack([rows.deck_version_id, rows.zone_id, rows.band_id])
    unique, place = np.unique(keys, axis=1, return_inverse=True)
    named = [model.get(key, 0) for key in zip(*unique.tolist(), strict=True)]
    found = np.array(named, np.int64)[place.reshape(-1)]
    found[rows.quantity == 0] = 0
    return found


def models_in(priced: PricedColumns) -> Ints:
    """Return the monthly price model that counts each record, 0 where none does."""
    totals = priced.totals
    is_model = totals.meter == Meter.MODEL
    found = np.zeros(len(priced), np.int64)
    found[totals.row[is_model]] = totals.number[is_model]
    return found
