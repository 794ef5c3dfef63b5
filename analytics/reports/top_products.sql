-- The ten products with the most revenue in each currency, under their newest names.
WITH ranked AS (
  SELECT
    currency,
    item_id,
    max_by(item_name, event_date) FILTER (WHERE item_name IS NOT NULL) AS item_name,
    sum(item_views) AS item_views,
    sum(pieces_sold) AS pieces_sold,
    sum(revenue) AS revenue,
    row_number() OVER (PARTITION BY currency ORDER BY sum(revenue) DESC, item_id) AS row_rank
  FROM products
  GROUP BY currency, item_id
)
SELECT currency, item_id, item_name, item_views, pieces_sold, revenue
FROM ranked
WHERE row_rank <= 10
ORDER BY currency, revenue DESC, item_id
