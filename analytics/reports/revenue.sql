-- Revenue per currency and channel, people only.
SELECT
  currency,
  channel,
  sum(orders) AS orders,
  sum(gross_revenue) AS gross_revenue,
  sum(refunded) AS refunded,
  sum(revenue) AS revenue
FROM revenue
GROUP BY currency, channel
ORDER BY currency, revenue DESC, channel
