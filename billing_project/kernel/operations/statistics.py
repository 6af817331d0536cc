"""
The planner's statistics after mass work: the next statements must not wait for autovacuum.

A night writes a million rows and reads them seconds later; planned by yesterday's statistics (or
none, on the first night) such reads have taken minutes.
"""

from typing import Final

from django.db import connection

# More rows changed than autovacuum would leave unnoticed; partitioned parents have no rows.
STALE: Final = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables
     WHERE schemaname = current_schema() AND n_mod_since_analyze > 50 + n_live_tup / 10
     ORDER BY relname
"""


def refresh_statistics() -> list[str]:
    """Analyze the tables that changed much since their last analysis; return their names."""
    with connection.cursor() as cursor:
        # What this session changed is counted a second late unless asked for.
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(STALE)
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
    return tables
