-- Carts and checkouts of people that did not become an order in the same visit, per day, channel, device and currency,
-- and what was left in those carts. A cart that was emptied again is not abandoned.
SELECT
  site,
  session_date,
  channel,
  device_class,
  currency,
  count_if(cart_adds > 0) AS carts,
  count_if(cart_adds > 0 AND cart_pieces > 0 AND orders = 0) AS carts_abandoned,
  count_if(checkouts > 0) AS checkouts,
  count_if(checkouts > 0 AND orders = 0) AS checkouts_abandoned,
  coalesce(sum(CASE WHEN cart_adds > 0 AND cart_pieces > 0 AND orders = 0 THEN cart_value END), 0) AS value_abandoned
FROM sessions
WHERE NOT is_bot AND (cart_adds > 0 OR checkouts > 0)
GROUP BY site, session_date, channel, device_class, currency
