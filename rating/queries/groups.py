"""
Who shares whose allowances, as columns for the core.
"""

from typing import Final

from billing_project.kernel import binary_copy
from rating.domain.subscribers import GroupColumns
from rating.domain.usage import FOREVER
from tariffs.domain.deck import UsageKind

#: One row per member and kind of usage; data caps count for sessions too.
COLUMNS: Final = """
    SELECT m.subscription_id, g.owner_id, g.account_id, k.kind::smallint, coalesce(k.most, -1),
           extract(epoch FROM m.active_from)::bigint,
           coalesce(extract(epoch FROM m.active_to)::bigint, %s)
      FROM rating_allowancegroupmember m
      JOIN rating_allowancegroup g ON g.id = m.group_id
     CROSS JOIN LATERAL (VALUES (%s, m.cap_voice), (%s, m.cap_sms), (%s, m.cap_data),
                                (%s, m.cap_data)) AS k (kind, most)
     WHERE m.active_to IS NULL OR m.active_to > m.active_from
"""


def group_columns() -> GroupColumns:
    """Return all members of all groups, past ones too."""
    kinds = (UsageKind.VOICE, UsageKind.SMS, UsageKind.DATA, UsageKind.SESSION)
    columns = binary_copy.copy_out(
        sql=COLUMNS,
        params=[FOREVER, *(int(kind) for kind in kinds)],
        types=["bigint", "bigint", "bigint", "smallint", "bigint", "bigint", "bigint"],
    )
    return GroupColumns(*columns)
