-- How far sessions of people go, from any event to an order.
SELECT step, sessions
FROM (
  SELECT 1 AS place, 'session' AS step, count(*) AS sessions FROM sessions WHERE NOT is_bot
  UNION ALL
  SELECT 2, 'view_item', count_if(item_views > 0) FROM sessions WHERE NOT is_bot
  UNION ALL
  SELECT 3, 'add_to_cart', count_if(cart_adds > 0) FROM sessions WHERE NOT is_bot
  UNION ALL
  SELECT 4, 'begin_checkout', count_if(checkouts > 0) FROM sessions WHERE NOT is_bot
  UNION ALL
  SELECT 5, 'purchase', count_if(orders > 0) FROM sessions WHERE NOT is_bot
) AS steps
ORDER BY place
