-- Calendar and proration for set-based fees: the SQL twins of kernel.periods.cycle_of and
-- invoicing.domain.proration (tests/integration/invoicing/test_twins.py proves them equal).
CREATE FUNCTION invoicing_cycle_day(month date, cycle_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (date_trunc('month', month)::date
            + least(cycle_day, extract(day FROM date_trunc('month', month)
                                               + interval '1 month - 1 day')::integer) - 1)::date
$$;

CREATE FUNCTION invoicing_cycle_start(day date, cycle_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN invoicing_cycle_day(day, cycle_day) <= day
           THEN invoicing_cycle_day(day, cycle_day)
           ELSE invoicing_cycle_day((date_trunc('month', day) - interval '1 month')::date, cycle_day)
           END
$$;

CREATE FUNCTION invoicing_cycle_end(day date, cycle_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN invoicing_cycle_day(day, cycle_day) > day
           THEN invoicing_cycle_day(day, cycle_day)
           ELSE invoicing_cycle_day((date_trunc('month', day) + interval '1 month')::date, cycle_day)
           END
$$;

CREATE FUNCTION invoicing_prorated(
    fee numeric, fee_period text, proration text, days integer, cycle_days integer
) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(CASE
        WHEN days <= 0 THEN 0
        WHEN fee_period = 'day' THEN fee * days
        WHEN days >= cycle_days THEN fee
        ELSE least(fee, fee * days / CASE WHEN proration = 'fixed_30' THEN 30 ELSE cycle_days END)
        END, 2)
$$;

-- The chain of billed periods (decision B3): the previous period is one that is there.
ALTER TABLE invoicing_billedperiod ADD CONSTRAINT billedperiod_follows_another
    FOREIGN KEY (account_id, subscription_id, kind, previous_end)
    REFERENCES invoicing_billedperiod (account_id, subscription_id, kind, period_end);

-- Documents and what was billed are written once.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billedperiod
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billedperiodcredit
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_bill
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billline
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billnumber
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billedentry
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
