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
