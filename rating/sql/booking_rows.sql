-- Priced rows of sessions, in the order of their unique key. No file brought them: 0.
INSERT INTO rating_pricedusage (batch_id, file_id, account_id, started_at, record_key,
    subscription_id, other_number, quantity, billed, allowance_used, band_id, plan_version_id,
    deck_version_id, allowance_id, source_id, kind, zone_id, amount)
SELECT %s, 0, t.*
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::bigint[], %s::bigint[], %s::bigint[], %s::integer[], %s::integer[],
              %s::integer[], %s::integer[], %s::smallint[], %s::smallint[], %s::smallint[],
              %s::numeric[])
       AS t (account_id, started_at, record_key, subscription_id, other_number, quantity, billed,
             allowance_used, band_id, plan_version_id, deck_version_id, allowance_id, source_id,
             kind, zone_id, amount)
 ORDER BY t.account_id, t.started_at, t.source_id, t.record_key
