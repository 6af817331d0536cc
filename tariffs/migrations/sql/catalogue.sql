-- What is sold apart from plans is as immutable as they are, once published.
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_packageversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('closed_on');
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON tariffs_bundleversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_published('closed_on');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_planproduct
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('plan_version_id', 'tariffs_planversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_packageplan
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('package_version_id', 'tariffs_packageversion');
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON tariffs_bundlepart
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('bundle_version_id', 'tariffs_bundleversion');
CREATE TRIGGER published_package BEFORE INSERT OR UPDATE OR DELETE ON tariffs_allowance
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_part_of_published('package_version_id', 'tariffs_packageversion');

-- A product that a published plan version has keeps what was promised: names and the archive mark
-- may change.
CREATE FUNCTION tariffs_refuse_sold_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - ARRAY['name_ru', 'name_en', 'is_archived']
       IS DISTINCT FROM to_jsonb(OLD) - ARRAY['name_ru', 'name_en', 'is_archived']
       AND EXISTS (SELECT 1 FROM tariffs_planproduct p
                     JOIN tariffs_planversion v ON v.id = p.plan_version_id
                    WHERE p.product_id = OLD.id AND v.published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'product % is part of a published plan and never changes', OLD.code
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sold BEFORE UPDATE ON tariffs_product
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_sold_product();

-- Nobody is moved before the notice has passed. A day of slack: the operator's day may be behind.
ALTER TABLE tariffs_planversion ADD CONSTRAINT planversion_moves_after_notice CHECK (
    effect <> 'move' OR published_at IS NULL
    OR moves_on >= (published_at AT TIME ZONE 'UTC')::date + notice_days - 1);
