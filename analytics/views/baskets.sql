-- Which products are bought together: every pair of products of one order. share_of_a: of the orders with
-- product a, the part that also has b.
WITH lines AS (
  SELECT DISTINCT orders.site, orders.order_id, item.item_id, item.item_name
  FROM orders
  CROSS JOIN UNNEST(orders.items) AS t (item)
  WHERE item.item_id IS NOT NULL
),
single AS (
  SELECT site, item_id, count(DISTINCT order_id) AS orders
  FROM lines
  GROUP BY site, item_id
)
SELECT
  a.site,
  a.item_id AS item_a,
  max(a.item_name) AS name_a,
  b.item_id AS item_b,
  max(b.item_name) AS name_b,
  count(DISTINCT a.order_id) AS orders,
  CAST(count(DISTINCT a.order_id) AS double) / max(single.orders) AS share_of_a
FROM lines AS a
JOIN lines AS b ON b.site = a.site AND b.order_id = a.order_id AND b.item_id <> a.item_id
JOIN single ON single.site = a.site AND single.item_id = a.item_id
GROUP BY a.site, a.item_id, b.item_id
