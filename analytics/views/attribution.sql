-- Every order with the visit that first brought its visitor and the visit that brought the visitor last. The last
-- touch is the last visit that came from somewhere: a visit that is direct, or that went on inside the shop (for
-- example after a payment page), is passed over, a campaign with a medium that no channel knows is not. If all were
-- direct, it is Direct. Looks back 30 days from the order. Amounts are in currency; revenue is gross_revenue without
-- what was refunded. Orders of bots are here too, marked by is_bot.
WITH touches AS (
  SELECT
    orders.site,
    orders.order_id,
    sessions.channel,
    sessions.source,
    sessions.medium,
    sessions.campaign,
    row_number() OVER (
      PARTITION BY orders.site, orders.order_id
      ORDER BY sessions.started_at, sessions.session_id
    ) AS first_rank,
    row_number() OVER (
      PARTITION BY orders.site, orders.order_id
      ORDER BY
        CASE WHEN sessions.has_source THEN 0 ELSE 1 END,
        sessions.started_at DESC,
        sessions.session_id DESC
    ) AS last_rank
  FROM orders
  JOIN sessions ON sessions.site = orders.site AND sessions.visitor_id = orders.visitor_id
  WHERE sessions.started_at <= orders.event_at
    AND sessions.started_at >= orders.event_at - INTERVAL '30' DAY
    -- the same in days, so that other days are not read
    AND sessions.session_date <= orders.event_date
    AND sessions.session_date >= orders.event_date - INTERVAL '31' DAY
)
SELECT
  orders.site,
  orders.order_id,
  orders.event_date AS order_date,
  orders.event_at AS ordered_at,
  coalesce(bool_or(orders.is_bot), false) AS is_bot,
  max(orders.currency) AS currency,
  max(orders.gross_revenue) AS gross_revenue,
  max(orders.refunded) AS refunded,
  max(orders.revenue) AS revenue,
  count(*) AS touches,
  max(CASE WHEN touches.first_rank = 1 THEN touches.channel END) AS first_channel,
  max(CASE WHEN touches.first_rank = 1 THEN touches.source END) AS first_source,
  max(CASE WHEN touches.first_rank = 1 THEN touches.medium END) AS first_medium,
  max(CASE WHEN touches.first_rank = 1 THEN touches.campaign END) AS first_campaign,
  max(CASE WHEN touches.last_rank = 1 THEN touches.channel END) AS last_channel,
  max(CASE WHEN touches.last_rank = 1 THEN touches.source END) AS last_source,
  max(CASE WHEN touches.last_rank = 1 THEN touches.medium END) AS last_medium,
  max(CASE WHEN touches.last_rank = 1 THEN touches.campaign END) AS last_campaign
FROM orders
JOIN touches ON touches.site = orders.site AND touches.order_id = orders.order_id
GROUP BY orders.site, orders.order_id, orders.event_date, orders.event_at
