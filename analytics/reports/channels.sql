-- Sessions per channel, people only.
SELECT
  channel,
  count(*) AS sessions,
  count(DISTINCT visitor_id) AS visitors,
  sum(orders) AS orders,
  sum(revenue) AS revenue
FROM sessions
WHERE NOT is_bot
GROUP BY channel
ORDER BY sessions DESC, channel
