DROP FUNCTION tariffs_refuse_published() CASCADE;
DROP FUNCTION tariffs_refuse_part_of_published() CASCADE;
