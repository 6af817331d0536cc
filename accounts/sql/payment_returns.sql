-- What is given back of a payment (refunds, disputes at the bank, its reversal) stays within it.
-- The payment's row is locked first: two refunds at once are looked at one after the other.

CREATE OR REPLACE FUNCTION accounts_returned(payment bigint) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT sum(amount) FROM accounts_refund
                      WHERE payment_id = payment AND state <> 'failed'), 0)
         + coalesce((SELECT sum(amount) FROM accounts_chargeback
                      WHERE payment_id = payment AND state <> 'won'), 0)
$$;

CREATE OR REPLACE FUNCTION accounts_check_returns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid accounts_payment%ROWTYPE;
BEGIN
    SELECT * INTO paid FROM accounts_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF paid.account_id <> NEW.account_id THEN
        RAISE EXCEPTION 'payment % is another account''s', NEW.payment_id USING ERRCODE = '23514';
    END IF;
    IF accounts_returned(NEW.payment_id)
        > (CASE paid.state WHEN 'reversed' THEN 0 ELSE paid.amount END)
    THEN
        RAISE EXCEPTION 'payment % would be given back beyond its amount', NEW.payment_id
            USING ERRCODE = '23514', CONSTRAINT = 'payment_returned_within';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION accounts_check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF accounts_returned(NEW.id) > 0 THEN
        RAISE EXCEPTION 'payment % was given back in part', NEW.id
            USING ERRCODE = '23514', CONSTRAINT = 'payment_returned_within';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER refund_within_payment AFTER INSERT OR UPDATE ON accounts_refund
    FOR EACH ROW EXECUTE FUNCTION accounts_check_returns();
CREATE TRIGGER chargeback_within_payment AFTER INSERT OR UPDATE ON accounts_chargeback
    FOR EACH ROW EXECUTE FUNCTION accounts_check_returns();
CREATE TRIGGER reversal_within_payment AFTER UPDATE OF state ON accounts_payment
    FOR EACH ROW WHEN (NEW.state = 'reversed' AND OLD.state <> 'reversed')
    EXECUTE FUNCTION accounts_check_reversal();
