-- Orders of people and what they brought, per day, currency, channel, campaign, device and region of the visit in which
-- they were made. gross_revenue is what was ordered, refunded what was given back of it, revenue the rest: always of
-- the day of the order and in its currency.
SELECT
  orders.site,
  orders.event_date AS order_date,
  orders.currency,
  sessions.channel,
  sessions.source,
  sessions.medium,
  sessions.campaign,
  sessions.device_class,
  sessions.geo_country,
  sessions.geo_region,
  count(*) AS orders,
  sum(orders.gross_revenue) AS gross_revenue,
  sum(orders.refunded) AS refunded,
  sum(orders.revenue) AS revenue
FROM orders
JOIN sessions
  ON sessions.site = orders.site
  AND sessions.visitor_id = orders.visitor_id
  AND sessions.session_id = orders.session_id
  AND sessions.session_date <= orders.event_date
  AND sessions.session_date >= orders.event_date - INTERVAL '8' DAY
WHERE NOT sessions.is_bot
GROUP BY
  orders.site,
  orders.event_date,
  orders.currency,
  sessions.channel,
  sessions.source,
  sessions.medium,
  sessions.campaign,
  sessions.device_class,
  sessions.geo_country,
  sessions.geo_region
