-- Sessions per channel, people only.
SELECT
  channel,
  count(*) AS sessions,
  count(DISTINCT visitor_id) AS visitors,
  sum(orders) AS orders
FROM sessions
WHERE NOT is_bot
GROUP BY channel
ORDER BY sessions DESC, channel
