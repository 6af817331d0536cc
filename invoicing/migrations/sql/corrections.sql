-- Credits of a bill's line, less its debits, never exceed the line. The line is locked, so that two
-- notes about it come one after the other, and the second sees the first.
CREATE FUNCTION invoicing_keep_within_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line record;
    credited numeric;
BEGIN
    SELECT gross, account_id INTO line FROM invoicing_billline
     WHERE account_id = NEW.account_id AND id = NEW.bill_line_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'line % is not of account %', NEW.bill_line_id, NEW.account_id
            USING ERRCODE = '23514', CONSTRAINT = 'noteline_within_line';
    END IF;
    IF NEW.kind = 'credit_note' THEN
        SELECT coalesce(sum(CASE kind WHEN 'credit_note' THEN gross ELSE -gross END), 0)
          INTO credited FROM invoicing_noteline
         WHERE account_id = NEW.account_id AND bill_line_id = NEW.bill_line_id;
        IF credited + NEW.gross > greatest(line.gross, 0) THEN
            RAISE EXCEPTION 'credits of line % exceed it', NEW.bill_line_id
                USING ERRCODE = '23514', CONSTRAINT = 'noteline_within_line';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER within_line BEFORE INSERT ON invoicing_noteline
    FOR EACH ROW EXECUTE FUNCTION invoicing_keep_within_line();

-- Documents and what was said are written once.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_note
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_notenumber
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_noteline
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_billvoid
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_disputemessage
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoicing_compensation
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
