-- Many postings of one kind (decisions A1, A2): source, anti-join on keys, balances locked in the
-- order of their accounts, keys, entries, balances, crossings. The lock is materialised and joined
-- by the insert of keys; without that two such statements deadlock.
-- The CASE keeps the planner from taking `stored IS NULL` for one row in a thousand: it would join
-- keys and rows by nested loops over whole CTEs, minutes for 25,000 rows.
-- Balances are named by arrays: of a CTE the planner expects 200 accounts, and looks each up by itself;
-- an array in order is one walk along the index (a fifth of the whole statement at 50,000 rows).
-- Answers: rows whose key is there with another amount; accounts without a balance row; keys still
-- to insert; keys inserted. Fewer inserted than to insert: somebody else was first, run it again.
WITH source AS MATERIALIZED (
    SELECT s.account_id::bigint AS account_id, s.ref::bigint AS ref,
           s.amount::numeric(14, 2) AS amount, s.business_date::date AS business_date,
           s.about_subscription_id::bigint AS about_subscription_id,
           s.explanation::jsonb AS explanation, k.amount AS stored
      FROM ({source})
           AS s (account_id, ref, amount, business_date, about_subscription_id, explanation)
      LEFT JOIN accounts_postingkey k
        ON k.account_id = s.account_id AND k.kind = %(kind)s AND k.ref = s.ref
     WHERE s.amount <> 0
), fresh AS MATERIALIZED (
    SELECT DISTINCT ON (account_id, ref) * FROM source
     WHERE CASE WHEN stored IS NULL THEN true ELSE false END ORDER BY account_id, ref
), locked AS MATERIALIZED (
    SELECT b.account_id FROM accounts_accountbalance b
     WHERE b.account_id = ANY (ARRAY(SELECT account_id FROM fresh))
     ORDER BY b.account_id FOR NO KEY UPDATE
), keys AS (
    INSERT INTO accounts_postingkey (account_id, kind, ref, amount, business_date)
    SELECT f.account_id, %(kind)s, f.ref, f.amount, f.business_date
      FROM fresh f JOIN locked l ON l.account_id = f.account_id
     ORDER BY f.account_id, f.ref
    ON CONFLICT (account_id, kind, ref) DO NOTHING
    RETURNING account_id, ref
), entries AS (
    INSERT INTO accounts_ledgerentry (account_id, business_date, kind, ref, contra, fund, amount,
        posted_at, about_subscription_id, explanation, actor, on_behalf_of)
    SELECT f.account_id, f.business_date, %(kind)s, f.ref, %(contra)s, %(fund)s, f.amount,
           %(posted_at)s, f.about_subscription_id, f.explanation, %(actor)s, %(on_behalf_of)s
      FROM keys k JOIN fresh f ON f.account_id = k.account_id AND f.ref = k.ref
     ORDER BY f.account_id, f.business_date, f.ref
    RETURNING account_id, amount
), deltas AS (
    SELECT account_id, sum(amount) AS delta FROM entries GROUP BY account_id
), moved AS (
    UPDATE accounts_accountbalance b
       SET money = b.money + CASE %(fund)s WHEN 1 THEN d.delta ELSE 0 END,
           bonus = b.bonus + CASE %(fund)s WHEN 2 THEN d.delta ELSE 0 END,
           held = b.held + CASE %(fund)s WHEN 3 THEN d.delta ELSE 0 END
      FROM deltas d
     WHERE b.account_id = d.account_id
       AND b.account_id = ANY (ARRAY(SELECT account_id FROM keys))
    RETURNING b.account_id, b.money, b.watch_low, b.watch_high
), crossings AS (
    INSERT INTO accounts_balancecrossing (account_id)
    SELECT account_id FROM moved WHERE money < watch_low OR money >= watch_high ORDER BY account_id
    RETURNING account_id
)
SELECT (SELECT count(*) FROM source WHERE stored <> amount) AS differing,
       (SELECT count(DISTINCT account_id) FROM fresh
         WHERE account_id NOT IN (SELECT account_id FROM locked)) AS missing,
       (SELECT count(*) FROM source WHERE stored IS NULL) AS wanted,
       (SELECT count(*) FROM keys) AS posted,
       (SELECT count(*) FROM crossings) AS crossed
