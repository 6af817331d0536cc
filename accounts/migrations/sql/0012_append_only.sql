-- What was agreed about credit is written once.

CREATE TRIGGER accounts_creditchange_append_only
    BEFORE UPDATE OR DELETE ON accounts_creditchange
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
