-- What sessions took of counters that their rows can't tell.
INSERT INTO rating_usagecover (batch_id, account_id, started_at, record_key, source_id,
    subscription_id, owner_id, owner_account_id, allowance_id, period, used)
SELECT %s, t.*
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::smallint[], %s::bigint[],
              %s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::bigint[])
       AS t (account_id, started_at, record_key, source_id, subscription_id, owner_id,
             owner_account_id, allowance_id, period, used)
