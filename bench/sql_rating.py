"""
Calls priced by sets in SQL, on one connection: an independent reckoning of the same files.

It knows the operator of `bench.world` only: its increments, bands and allowance are written here
once more, so that a mistake of the product's core shows. Prices and prefixes are read from the
catalogue. Calls are shorter than four hours, so none meets more than two bands.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from bench.setting import timed

TABLES: Final = """
    DROP TABLE IF EXISTS bench_line, bench_call, bench_known, bench_priced, bench_suspense;
    DROP TABLE IF EXISTS bench_entry, bench_balance, bench_use;
    CREATE TABLE bench_line (line text NOT NULL);
    CREATE TABLE bench_suspense (reason text NOT NULL, line text NOT NULL);
    CREATE TABLE bench_priced (
        account_id bigint NOT NULL, started_at timestamptz NOT NULL, record_id text NOT NULL,
        subscription_id bigint NOT NULL, zone_id integer NOT NULL, band text NOT NULL,
        quantity bigint NOT NULL, billed bigint NOT NULL, allowance_used bigint NOT NULL,
        amount numeric(14, 2) NOT NULL, PRIMARY KEY (account_id, started_at, record_id));
    CREATE TABLE bench_entry (account_id bigint NOT NULL, amount numeric(14, 2) NOT NULL);
    CREATE TABLE bench_use (subscription_id bigint PRIMARY KEY, used bigint NOT NULL);
    CREATE TABLE bench_balance AS SELECT account_id, 0::numeric(14, 2) AS money
      FROM accounts_accountbalance;
    CREATE UNIQUE INDEX ON bench_balance (account_id);
    ANALYZE bench_balance
"""

PARSED: Final = r"""
    CREATE TABLE bench_call AS
    SELECT line, f[2] AS src, f[3] AS dst, f[14] AS record_id, f[11] AS answer,
           split_part(f[12], ',', 3) AS billsec, split_part(f[12], ',', 4) AS disposition,
           (length(line) - length(replace(line, '"', ''))) % 2 = 1 AS is_open
      FROM (SELECT line, string_to_array(line, '","') AS f FROM bench_line) AS l
"""

BAD: Final = """
    INSERT INTO bench_suspense
    SELECT CASE WHEN is_open THEN 'malformed_line' ELSE 'bad_duration' END, line FROM bench_call
     WHERE is_open OR (disposition = '"ANSWERED' AND billsec::bigint < 0)
"""

#: One row per call, with the number as dialled abroad and the service that pays.
KNOWN: Final = """
    CREATE TABLE bench_known AS
    SELECT c.*, i.account_id, i.subscription_id FROM (
        SELECT DISTINCT ON (record_id) record_id, line, src, billsec::bigint AS quantity,
               answer::timestamp AS local,
               CASE WHEN dst LIKE '+%' THEN substr(dst, 2)
                    WHEN length(dst) >= 12 AND dst LIKE '810%' THEN substr(dst, 4)
                    WHEN length(dst) = 11 AND dst LIKE '8%' THEN '7' || substr(dst, 2)
                    ELSE dst END AS number
          FROM bench_call
         WHERE NOT is_open AND disposition = '"ANSWERED' AND billsec::bigint >= 0
         ORDER BY record_id) AS c
      LEFT JOIN accounts_identifieruse i
        ON i.key = c.src::bigint
       AND i.active_from <= c.local AT TIME ZONE 'Europe/Moscow'
       AND (i.active_to IS NULL OR i.active_to > c.local AT TIME ZONE 'Europe/Moscow')
"""

STRANGERS: Final = """
    INSERT INTO bench_suspense
    SELECT 'unknown_subscriber', line FROM bench_known WHERE account_id IS NULL
"""

_PREFIXES: Final = "\n".join(
    f"LEFT JOIN tariffs_zoneprefix p{n} ON p{n}.prefix = left(number, {n})" for n in range(1, 7)
)
PRICED: Final = f"""
    INSERT INTO bench_priced
    WITH rate AS MATERIALIZED (
        SELECT r.zone_class, b.code AS band, r.price, r.connection_fee FROM tariffs_rate r
          JOIN tariffs_ratedeckversion v ON v.id = r.deck_version_id
          JOIN tariffs_ratedeck d ON d.id = v.deck_id AND d.code = 'voice'
          JOIN tariffs_band b ON b.id = r.band_id
    ), placed AS (
        SELECT k.*, z.id AS zone_id, z.zone_class,
               CASE WHEN z.code = 'usa' THEN 1 ELSE 60 END AS step,
               CASE WHEN z.code = 'usa' THEN 0 ELSE 2 END AS grace,
               extract(epoch FROM local - date_trunc('day', local))::bigint AS second
          FROM (SELECT k.*, coalesce(p6.zone_id, p5.zone_id, p4.zone_id, p3.zone_id, p2.zone_id,
                                     p1.zone_id) AS found
                  FROM bench_known k {_PREFIXES} WHERE account_id IS NOT NULL) AS k
          JOIN tariffs_zone z ON z.id = k.found
    ), counted AS (
        SELECT p.*, CASE WHEN quantity <= grace THEN 0
                         ELSE 60 + (greatest(quantity - 60, 0) + step - 1) / step * step END
                    AS billed,
               CASE WHEN second < 28800 THEN 28800 WHEN second < 72000 THEN 72000
                    ELSE 86400 END - second AS until
          FROM placed p
    ), cut AS (
        SELECT c.*, least(billed, 60 + (greatest(until - 60, 0) + step - 1) / step * step) AS turn,
               local + until * interval '1 second' AS then_local
          FROM counted c
    ), covered AS (
        SELECT c.*,
               CASE WHEN extract(isodow FROM local) >= 6 THEN 'weekend'
                    WHEN second >= 28800 AND second < 72000 THEN 'day' ELSE 'evening' END AS band,
               CASE WHEN extract(isodow FROM then_local) >= 6 THEN 'weekend'
                    WHEN extract(hour FROM then_local) BETWEEN 8 AND 19 THEN 'day'
                    ELSE 'evening' END AS then_band,
               CASE WHEN zone_class = 'local' THEN greatest(0, least(billed, 3600 - (
                    sum(CASE WHEN zone_class = 'local' THEN billed ELSE 0 END) OVER w - billed)))
                    ELSE 0 END::bigint AS free
          FROM cut c
        WINDOW w AS (PARTITION BY subscription_id ORDER BY local, record_id
                     ROWS UNBOUNDED PRECEDING)
    )
    SELECT account_id, local AT TIME ZONE 'Europe/Moscow', record_id, subscription_id, zone_id,
           c.band, quantity, billed, free,
           round((one.price * greatest(turn - free, 0)
                  + two.price * (billed - greatest(turn, free))) / 60
                 + CASE WHEN billed > free THEN one.connection_fee ELSE 0 END, 2)
      FROM covered c
      JOIN rate one ON one.zone_class = c.zone_class AND one.band = c.band
      JOIN rate two ON two.zone_class = c.zone_class AND two.band = c.then_band
     ORDER BY 1, 2, 3
"""

LEDGER: Final = """
    INSERT INTO bench_entry SELECT account_id, -sum(amount) FROM bench_priced
     GROUP BY account_id HAVING sum(amount) <> 0 ORDER BY account_id
"""
BALANCES: Final = """
    UPDATE bench_balance b SET money = b.money + e.amount FROM bench_entry e
     WHERE e.account_id = b.account_id
"""
USES: Final = """
    INSERT INTO bench_use SELECT subscription_id, sum(allowance_used) FROM bench_priced
     WHERE allowance_used > 0 GROUP BY subscription_id
"""


def price_folder(folder: Path) -> float:
    """Price the calls of a folder in one transaction; return the seconds."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    return timed(lambda: _price(sorted((folder / "msc-1").iterdir())))[0]


@transaction.atomic
def _price(files: list[Path]) -> None:
    with connection.cursor() as cursor:
        for path in files:
            with path.open("rb") as stream:
                # Whole lines: quotes that are not closed would swallow their neighbours.
                cursor.copy_expert(
                    "COPY bench_line FROM STDIN (FORMAT text, DELIMITER E'\\x01')", stream
                )
        for statement in _statements():
            cursor.execute(statement)


def _statements() -> Iterator[str]:
    yield from ("ANALYZE bench_line", PARSED, BAD, "ANALYZE bench_call", KNOWN)
    yield from ("ANALYZE bench_known", STRANGERS, PRICED, "ANALYZE bench_priced")
    yield from (LEDGER, BALANCES, USES)
