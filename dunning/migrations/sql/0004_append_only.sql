-- Who wrote a rule, and how, is written once.

CREATE TRIGGER dunning_creditrulechange_append_only
    BEFORE UPDATE OR DELETE ON dunning_creditrulechange
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
