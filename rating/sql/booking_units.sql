-- Give back reserved units; holds are locked in the order of their keys.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::bigint[])
        AS g (account_id, subscription_id, allowance_id, period, units)
), locked AS MATERIALIZED (
    SELECT h.id, g.units FROM rating_allowancehold h
      JOIN given g USING (account_id, subscription_id, allowance_id, period)
     ORDER BY h.account_id, h.subscription_id, h.allowance_id, h.period
       FOR NO KEY UPDATE OF h
)
UPDATE rating_allowancehold h SET reserved = h.reserved - l.units
  FROM locked l WHERE h.id = l.id
