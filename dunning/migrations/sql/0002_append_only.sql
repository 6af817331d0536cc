-- Facts of access are written once.

CREATE TRIGGER dunning_accesschange_append_only
    BEFORE UPDATE OR DELETE ON dunning_accesschange
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
