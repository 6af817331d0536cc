-- There was one rule for everybody: the oldest that was offered. It stays the only one offered, and
-- what made no sense in others is mended, so that the table can ask for sense.

UPDATE dunning_promiserule r
   SET is_active = r.is_active AND r.max_amount > 0
                   AND r.id = (SELECT min(o.id) FROM dunning_promiserule o WHERE o.is_active),
       days = greatest(r.days, 1),
       max_amount = greatest(r.max_amount, 0.01),
       price = greatest(r.price, 0);
