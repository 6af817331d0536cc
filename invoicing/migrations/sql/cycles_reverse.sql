DROP FUNCTION invoicing_part_price(numeric, text, text, timestamp, timestamp, date, date, integer);
DROP FUNCTION invoicing_cycle_end(date, integer, integer, integer);
DROP FUNCTION invoicing_cycle_start(date, integer, integer, integer);
