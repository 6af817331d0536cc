-- What sessions took, added to the counters of allowances.
INSERT INTO rating_allowanceuse AS u
    (account_id, subscription_id, allowance_id, period, granted, used)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::bigint[],
                     %s::bigint[])
    AS t (account_id, subscription_id, allowance_id, period, granted, used)
 ORDER BY account_id, subscription_id, allowance_id, period
ON CONFLICT (account_id, subscription_id, allowance_id, period)
DO UPDATE SET used = u.used + excluded.used
