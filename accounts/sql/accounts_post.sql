-- One posting (decisions A1, A2, B9): the same steps as post_many.sql, in the same order; where nothing
-- forbids it, the balance is moved by the statement that locks it, and moved back for a repeat.
-- outcome: posted, repeated (the key was there with this amount), differs (with another), missing
-- (the account has no balance row). The last two write nothing.
CREATE OR REPLACE FUNCTION accounts_post(
    p_account_id bigint,
    p_kind smallint,
    p_ref bigint,
    p_amount numeric,
    p_business_date date,
    p_contra smallint,
    p_fund smallint,
    p_posted_at timestamptz,
    p_about_subscription_id bigint,
    p_reverses_id bigint,
    p_reverses_date date,
    p_explanation jsonb,
    p_actor text,
    p_on_behalf_of text,
    OUT outcome text,
    OUT entry_id bigint,
    OUT entry_date date,
    OUT money numeric
) LANGUAGE plpgsql AS $$
DECLARE
    balance accounts_accountbalance%ROWTYPE;
    stored accounts_postingkey%ROWTYPE;
BEGIN
    IF p_fund = 1 THEN
        UPDATE accounts_accountbalance b SET money = b.money + p_amount
         WHERE b.account_id = p_account_id
        RETURNING b.* INTO balance;
    ELSE
        -- These have a least value, which a repeat must not be measured by.
        SELECT * INTO balance FROM accounts_accountbalance b
         WHERE b.account_id = p_account_id FOR NO KEY UPDATE;
    END IF;
    IF NOT FOUND THEN
        outcome := 'missing';
        RETURN;
    END IF;

    INSERT INTO accounts_postingkey (account_id, kind, ref, amount, business_date)
    VALUES (p_account_id, p_kind, p_ref, p_amount, p_business_date)
    ON CONFLICT (account_id, kind, ref) DO NOTHING;
    IF NOT FOUND THEN
        IF p_fund = 1 THEN
            UPDATE accounts_accountbalance b SET money = b.money - p_amount
             WHERE b.account_id = p_account_id
            RETURNING b.* INTO balance;
        END IF;
        -- A statement of its own sees the row of whoever was first.
        SELECT * INTO stored FROM accounts_postingkey k
         WHERE k.account_id = p_account_id AND k.kind = p_kind AND k.ref = p_ref;
        outcome := CASE WHEN stored.amount = p_amount THEN 'repeated' ELSE 'differs' END;
        entry_date := stored.business_date;
        money := balance.money;
        SELECT e.id INTO entry_id FROM accounts_ledgerentry e
         WHERE e.account_id = p_account_id AND e.business_date = stored.business_date
           AND e.kind = p_kind AND e.ref = p_ref;
        RETURN;
    END IF;

    INSERT INTO accounts_ledgerentry (account_id, business_date, kind, ref, contra, fund, amount,
        posted_at, about_subscription_id, reverses_id, reverses_date, explanation, actor,
        on_behalf_of)
    VALUES (p_account_id, p_business_date, p_kind, p_ref, p_contra, p_fund, p_amount,
        p_posted_at, p_about_subscription_id, p_reverses_id, p_reverses_date, p_explanation,
        p_actor, p_on_behalf_of)
    RETURNING id INTO entry_id;

    IF p_fund <> 1 THEN
        UPDATE accounts_accountbalance b
           SET bonus = b.bonus + CASE p_fund WHEN 2 THEN p_amount ELSE 0 END,
               held = b.held + CASE p_fund WHEN 3 THEN p_amount ELSE 0 END
         WHERE b.account_id = p_account_id
        RETURNING b.* INTO balance;
    END IF;

    IF balance.money < balance.watch_low OR balance.money >= balance.watch_high THEN
        INSERT INTO accounts_balancecrossing (account_id) VALUES (p_account_id);
    END IF;

    outcome := 'posted';
    entry_date := p_business_date;
    money := balance.money;
END
$$;
