-- TG_ARGV: the columns that may change after publishing.
CREATE OR REPLACE FUNCTION tariffs_refuse_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% % is published and never changes', TG_TABLE_NAME, OLD.id
        USING ERRCODE = '23514';
END $$;

DROP TRIGGER published ON tariffs_ratedeckversion;
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_ratedeckversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('valid_to', 'replaced_at');

-- A row that hangs on a rate or a counting rule. TG_ARGV: its column, the table it leads to.
CREATE FUNCTION tariffs_refuse_detail_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint;
    published boolean;
BEGIN
    FOREACH parent IN ARRAY ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[0])::bigint END,
        CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[0])::bigint END]
    LOOP
        EXECUTE format('SELECT v.published_at IS NOT NULL FROM %I p
                          JOIN tariffs_ratedeckversion v ON v.id = p.deck_version_id
                         WHERE p.id = $1', TG_ARGV[1])
           INTO published USING parent;
        IF published THEN
            RAISE EXCEPTION '% of a published version never changes', TG_TABLE_NAME
                USING ERRCODE = '23514';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_ratestep
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_detail_of_published('rate_id', 'tariffs_rate');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_surcharge
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_detail_of_published('terms_id', 'tariffs_zoneterms');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_pricemodel
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('deck_version_id', 'tariffs_ratedeckversion');
