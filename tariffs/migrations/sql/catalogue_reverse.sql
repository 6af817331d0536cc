ALTER TABLE tariffs_planversion DROP CONSTRAINT planversion_moves_after_notice;
DROP FUNCTION tariffs_refuse_sold_product() CASCADE;
DROP TRIGGER published_package ON tariffs_allowance;
DROP TRIGGER published ON tariffs_bundlepart;
DROP TRIGGER published ON tariffs_packageplan;
DROP TRIGGER published ON tariffs_planproduct;
DROP TRIGGER published ON tariffs_bundleversion;
DROP TRIGGER published ON tariffs_packageversion;
