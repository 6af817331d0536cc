-- What was agreed, chosen and counted is written once.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_paymentchoice
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_instalmentpart
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_instalmentcover
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_latefee
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_latefeeday
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_consolidatedshare
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();

-- The twin of invoicing.domain.late_fees.months_begun.
CREATE FUNCTION invoicing_months_begun(first_day date, day date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN day < first_day THEN 0 ELSE
        (extract(year FROM day) - extract(year FROM first_day))::integer * 12
        + (extract(month FROM day) - extract(month FROM first_day))::integer
        + (day >= invoicing_cycle_day(day, extract(day FROM first_day)::integer))::integer END
$$;

ALTER TABLE invoicing_paymentchoice ADD CONSTRAINT paymentchoice_for_one_thing
    CHECK (num_nonnulls(bill_id, subscription_id, plan_id, consolidated_id) = 1);
