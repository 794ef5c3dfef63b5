-- Which products people buy together: every pair of products of one order. share_of_a: of the orders with
-- product a, the part that also has b. A product is its item_id, or its name where a shop sends no ids, under the name
-- of its newest order.
WITH lines AS (
  SELECT
    orders.site,
    orders.order_id,
    orders.event_at,
    coalesce(item.item_id, item.item_name) AS item_id,
    max(item.item_name) AS item_name
  FROM orders
  JOIN sessions
    ON sessions.site = orders.site
    AND sessions.visitor_id = orders.visitor_id
    AND sessions.session_id = orders.session_id
  CROSS JOIN UNNEST(orders.items) AS t (item)
  WHERE coalesce(item.item_id, item.item_name) IS NOT NULL AND NOT sessions.is_bot
  GROUP BY orders.site, orders.order_id, orders.event_at, coalesce(item.item_id, item.item_name)
),
single AS (
  SELECT
    site,
    item_id,
    count(*) AS orders,
    max_by(item_name, ROW(event_at, order_id)) FILTER (WHERE item_name IS NOT NULL) AS item_name
  FROM lines
  GROUP BY site, item_id
)
SELECT
  a.site,
  a.item_id AS item_a,
  max(single.item_name) AS name_a,
  b.item_id AS item_b,
  max(other.item_name) AS name_b,
  count(*) AS orders,
  CAST(count(*) AS double) / max(single.orders) AS share_of_a
FROM lines AS a
JOIN lines AS b ON b.site = a.site AND b.order_id = a.order_id AND b.item_id <> a.item_id
JOIN single ON single.site = a.site AND single.item_id = a.item_id
JOIN single AS other ON other.site = b.site AND other.item_id = b.item_id
GROUP BY a.site, a.item_id, b.item_id
