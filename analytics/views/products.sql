-- Per day and product: how often people saw it in a list, chose it, looked at it, put it into the cart, and bought it.
WITH items_of_people AS (
  SELECT
    events.site,
    events.event_date,
    events.event_name,
    events.event_id,
    item.item_id,
    item.item_name,
    item.item_brand,
    item.item_category,
    item.price,
    item.quantity,
    item.discount
  FROM events
  LEFT JOIN orders ON orders.site = events.site AND orders.visitor_id = events.visitor_id AND orders.event_id = events.event_id
  CROSS JOIN UNNEST(events.items) AS t (item)
  WHERE NOT coalesce(events.is_bot, false) AND (events.event_name <> 'purchase' OR orders.event_id IS NOT NULL)
)
SELECT
  site,
  event_date,
  item_id,
  max(item_name) AS item_name,
  max(item_brand) AS item_brand,
  max(item_category) AS item_category,
  count_if(event_name = 'view_item_list') AS list_views,
  count_if(event_name = 'select_item') AS selections,
  count_if(event_name = 'view_item') AS item_views,
  coalesce(sum(CASE WHEN event_name = 'add_to_cart' THEN quantity END), 0) AS pieces_to_cart,
  count(DISTINCT CASE WHEN event_name = 'purchase' THEN event_id END) AS orders,
  coalesce(sum(CASE WHEN event_name = 'purchase' THEN quantity END), 0) AS pieces_sold,
  coalesce(sum(CASE WHEN event_name = 'purchase' THEN (price - coalesce(discount, 0)) * quantity END), 0) AS revenue
FROM items_of_people
WHERE item_id IS NOT NULL
GROUP BY site, event_date, item_id
