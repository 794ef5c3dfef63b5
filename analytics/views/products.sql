-- Per day, product and currency: how often people saw it in a list, chose it, looked at it, put it into the cart,
-- bought it and gave it back. A product is its item_id, or its name where a shop sends no ids; its name, brand and
-- category are the newest of that day. gross_revenue is price times quantity: a price is what was paid, after every
-- discount. What was refunded counts on the day of the order, at the order's price: the pieces that refund events
-- name, all where the order was refunded whole. revenue is the rest.
WITH people AS (
  SELECT site, visitor_id, session_id, session_date
  FROM sessions
  WHERE NOT is_bot
),
seen AS (
  SELECT
    events.site,
    events.event_date,
    events.currency,
    coalesce(item.item_id, item.item_name) AS item_id,
    item.item_name,
    item.item_brand,
    item.item_category,
    events.event_at,
    events.event_id,
    events.event_name,
    coalesce(item.quantity, 1) AS quantity
  FROM events
  JOIN people
    ON people.site = events.site
    AND people.visitor_id = events.visitor_id
    AND people.session_id = events.session_id
    AND people.session_date <= events.event_date
    AND people.session_date >= events.event_date - INTERVAL '8' DAY
  CROSS JOIN UNNEST(events.items) AS t (item)
  WHERE events.event_name IN ('view_item_list', 'select_item', 'view_item', 'add_to_cart')
),
sold AS (
  SELECT
    orders.site,
    orders.event_date,
    orders.currency,
    orders.order_id,
    coalesce(item.item_id, item.item_name) AS item_id,
    max(item.item_name) AS item_name,
    max(item.item_brand) AS item_brand,
    max(item.item_category) AS item_category,
    orders.event_at,
    orders.event_id,
    sum(coalesce(item.quantity, 1)) AS pieces,
    sum(coalesce(item.price, 0) * coalesce(item.quantity, 1)) AS gross_revenue,
    max(item.price) AS price,
    bool_or(orders.value > 0 AND orders.refunded >= orders.value) AS is_refunded_whole
  FROM orders
  JOIN people
    ON people.site = orders.site
    AND people.visitor_id = orders.visitor_id
    AND people.session_id = orders.session_id
    AND people.session_date <= orders.event_date
    AND people.session_date >= orders.event_date - INTERVAL '8' DAY
  CROSS JOIN UNNEST(orders.items) AS t (item)
  GROUP BY
    orders.site,
    orders.event_date,
    orders.currency,
    orders.order_id,
    coalesce(item.item_id, item.item_name),
    orders.event_at,
    orders.event_id
),
given_back AS (
  SELECT
    refunds.site,
    refunds.order_id,
    coalesce(item.item_id, item.item_name) AS item_id,
    sum(coalesce(item.quantity, 1)) AS pieces
  FROM refunds
  CROSS JOIN UNNEST(refunds.items) AS t (item)
  GROUP BY refunds.site, refunds.order_id, coalesce(item.item_id, item.item_name)
),
settled AS (
  SELECT
    sold.*,
    CASE
      WHEN sold.is_refunded_whole OR given_back.pieces > sold.pieces THEN sold.pieces
      ELSE coalesce(given_back.pieces, 0)
    END AS pieces_refunded,
    CASE
      WHEN sold.is_refunded_whole OR coalesce(given_back.pieces, 0) >= sold.pieces THEN sold.gross_revenue
      WHEN coalesce(given_back.pieces, 0) * coalesce(sold.price, 0) > sold.gross_revenue THEN sold.gross_revenue
      ELSE coalesce(given_back.pieces, 0) * coalesce(sold.price, 0)
    END AS refunded
  FROM sold
  LEFT JOIN given_back
    ON given_back.site = sold.site AND given_back.order_id = sold.order_id AND given_back.item_id = sold.item_id
),
deeds AS (
  SELECT
    site, event_date, currency, item_id, item_name, item_brand, item_category, event_at, event_id, event_name, quantity,
    0 AS pieces_sold, 0 AS gross_revenue, 0 AS pieces_refunded, 0 AS refunded
  FROM seen
  UNION ALL
  SELECT
    site, event_date, currency, item_id, item_name, item_brand, item_category, event_at, event_id, 'purchase', 0,
    pieces, gross_revenue, pieces_refunded, refunded
  FROM settled
)
SELECT
  site,
  event_date,
  item_id,
  currency,
  max_by(item_name, ROW(event_at, event_id, item_name)) FILTER (WHERE item_name IS NOT NULL) AS item_name,
  max_by(item_brand, ROW(event_at, event_id, item_brand)) FILTER (WHERE item_brand IS NOT NULL) AS item_brand,
  max_by(item_category, ROW(event_at, event_id, item_category)) FILTER (WHERE item_category IS NOT NULL) AS item_category,
  count_if(event_name = 'view_item_list') AS list_views,
  count_if(event_name = 'select_item') AS selections,
  count_if(event_name = 'view_item') AS item_views,
  coalesce(sum(CASE WHEN event_name = 'add_to_cart' THEN quantity END), 0) AS pieces_to_cart,
  count_if(event_name = 'purchase') AS orders,
  sum(pieces_sold) AS pieces_sold,
  sum(pieces_refunded) AS pieces_refunded,
  sum(gross_revenue) AS gross_revenue,
  sum(refunded) AS refunded,
  sum(gross_revenue) - sum(refunded) AS revenue
FROM deeds
WHERE item_id IS NOT NULL
GROUP BY site, event_date, item_id, currency
