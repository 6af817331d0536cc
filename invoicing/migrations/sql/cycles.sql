-- Cycles of one or two months, and the price of a part of one by the plan's convention: the SQL
-- twins of accounts.domain.calendars and invoicing.domain.proration.part_price
-- (tests/integration/invoicing/test_twins.py proves them equal).
-- `phase` of two months: 0, cycles begin in odd months, 1, in even ones.
CREATE FUNCTION invoicing_cycle_start(day date, cycle_day integer, months integer, phase integer)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN months = 1
          OR (extract(month FROM invoicing_cycle_start(day, cycle_day))::integer - 1) % 2 = phase
        THEN invoicing_cycle_start(day, cycle_day)
        ELSE invoicing_cycle_day((date_trunc('month', invoicing_cycle_start(day, cycle_day))
                                  - interval '1 month')::date, cycle_day)
        END
$$;

CREATE FUNCTION invoicing_cycle_end(day date, cycle_day integer, months integer, phase integer)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN months = 1
          OR (extract(month FROM invoicing_cycle_end(day, cycle_day))::integer - 1) % 2 = phase
        THEN invoicing_cycle_end(day, cycle_day)
        ELSE invoicing_cycle_day((date_trunc('month', invoicing_cycle_end(day, cycle_day))
                                  + interval '1 month')::date, cycle_day)
        END
$$;

-- `fee` is of a month or a day; a cycle of two months costs two fees. A part is within its cycle;
-- `month_30` counts every month whose end it crosses as thirty days, `fixed_30` plain days.
-- Moments are the clock on the wall: a day has 86,400 seconds.
CREATE FUNCTION invoicing_part_price(
    fee numeric, fee_period text, proration text, part_from timestamp, part_to timestamp,
    cycle_from date, cycle_to date, months integer
) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(CASE
        WHEN part_to <= part_from THEN 0
        WHEN fee_period = 'day' THEN fee * (part_to::date - part_from::date)
        WHEN part_from <= cycle_from AND part_to >= cycle_to THEN fee * months
        WHEN proration = 'actual'
        THEN least(fee * months,
                   fee * months * (part_to::date - part_from::date) / (cycle_to - cycle_from))
        WHEN proration = 'fixed_30'
        THEN least(fee * months, fee * (part_to::date - part_from::date) / 30)
        WHEN proration = 'month_30'
        THEN least(fee * months, fee * greatest(0,
                   30 * ((extract(year FROM part_to) - extract(year FROM part_from)) * 12
                         + extract(month FROM part_to) - extract(month FROM part_from))
                   + extract(day FROM part_to) - extract(day FROM part_from)) / 30)
        ELSE least(fee * months,
                   fee * months * extract(epoch FROM part_to - part_from)
                   / (86400 * (cycle_to - cycle_from)))
        END, 2)
$$;
