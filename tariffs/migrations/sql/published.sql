-- A published version never changes; what may change is the day it ends (decision: CAT-2).
CREATE FUNCTION tariffs_refuse_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text := TG_ARGV[0];
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% % is published and never changes', TG_TABLE_NAME, OLD.id
        USING ERRCODE = '23514';
END $$;

-- TG_ARGV: the column that names the version, the table of versions.
CREATE FUNCTION tariffs_refuse_part_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint;
    published boolean := false;
BEGIN
    FOREACH parent IN ARRAY ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[0])::bigint END,
        CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[0])::bigint END]
    LOOP
        EXECUTE format('SELECT published_at IS NOT NULL FROM %I WHERE id = $1', TG_ARGV[1])
           INTO published USING parent;
        IF published THEN
            RAISE EXCEPTION '% of a published version never changes', TG_TABLE_NAME
                USING ERRCODE = '23514';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_planversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('closed_on');
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_ratedeckversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('valid_to');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_plandeck
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('plan_version_id', 'tariffs_planversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_allowance
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('plan_version_id', 'tariffs_planversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_band
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('deck_version_id', 'tariffs_ratedeckversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_rate
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('deck_version_id', 'tariffs_ratedeckversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_zoneterms
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('deck_version_id', 'tariffs_ratedeckversion');
