-- The ten products with the most revenue.
SELECT
  item.item_id,
  max(item.item_name) AS item_name,
  sum(item.quantity) AS pieces,
  sum((item.price - coalesce(item.discount, 0)) * item.quantity) AS revenue
FROM events
CROSS JOIN UNNEST(items) AS item (
  item_id, item_name, item_brand, item_category, item_variant, price, quantity, discount
)
WHERE event_name = 'purchase'
GROUP BY item.item_id
ORDER BY revenue DESC, item.item_id
LIMIT 10
