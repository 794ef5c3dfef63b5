-- The ten products with the most revenue.
SELECT
  item_id,
  max(item_name) AS item_name,
  sum(item_views) AS item_views,
  sum(pieces_sold) AS pieces_sold,
  sum(revenue) AS revenue
FROM products
GROUP BY item_id
ORDER BY revenue DESC, item_id
LIMIT 10
