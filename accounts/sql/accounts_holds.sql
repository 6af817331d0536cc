-- Money set aside on a balance row for usage that goes on: part of the money, not a fund of its own.

-- Set money aside (or, negative, let go of it) if the account has so much; `p_is_limited` false: in
-- any case. Answers what may be spent afterwards, or null if there was too little or no such account.
CREATE OR REPLACE FUNCTION accounts_hold(
    p_account_id bigint, p_amount numeric, p_is_limited boolean
) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    available numeric;
BEGIN
    UPDATE accounts_accountbalance b SET held = b.held + p_amount
     WHERE b.account_id = p_account_id
       AND (p_amount <= 0 OR NOT p_is_limited OR b.money + b.floor - b.held >= p_amount)
    RETURNING b.money + b.floor - b.held INTO available;
    RETURN available;
END
$$;

-- Who pays for usage: by the key of a number or login at a moment, or (p_subscription_id) by service.
CREATE OR REPLACE FUNCTION accounts_payer(
    p_key bigint, p_subscription_id bigint, p_at timestamptz,
    OUT subscription_id bigint, OUT account_id bigint, OUT account_kind text, OUT state text,
    OUT plan_version_id bigint, OUT money numeric, OUT held numeric, OUT floor numeric
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    subscription_id := p_subscription_id;
    IF subscription_id IS NULL THEN
        SELECT u.subscription_id INTO subscription_id FROM accounts_identifieruse u
         WHERE u.key = p_key AND tstzrange(u.active_from, u.active_to) @> p_at;
    END IF;
    SELECT s.account_id, a.kind, s.state, b.money, b.held, b.floor
      INTO account_id, account_kind, state, money, held, floor
      FROM accounts_subscription s
      JOIN accounts_account a ON a.id = s.account_id
      JOIN accounts_accountbalance b ON b.account_id = s.account_id
     WHERE s.id = subscription_id;
    SELECT p.plan_version_id INTO plan_version_id FROM accounts_planassignment p
     WHERE p.account_id = accounts_payer.account_id
       AND p.subscription_id = accounts_payer.subscription_id
       AND tstzrange(p.active_from, p.active_to) @> p_at;
END
$$;
