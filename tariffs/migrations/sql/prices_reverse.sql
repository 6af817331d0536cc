DROP FUNCTION tariffs_refuse_detail_of_published() CASCADE;
DROP TRIGGER IF EXISTS published ON tariffs_pricemodel;
DROP TRIGGER published ON tariffs_ratedeckversion;
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_ratedeckversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('valid_to');
