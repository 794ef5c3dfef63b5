-- The last hour by the minute of arrival. Reads today's and yesterday's partitions only; copies of an event within
-- them count once.
SELECT
  site,
  date_trunc('minute', received_at) AS minute,
  count(DISTINCT event_id) AS events,
  count(DISTINCT visitor_id) AS visitors,
  count(DISTINCT CASE WHEN event_name = 'purchase' THEN coalesce(transaction_id, event_id) END) AS orders
FROM enriched
WHERE event_name <> 'session_merge'
  AND dt >= date_format(current_timestamp AT TIME ZONE 'UTC' - INTERVAL '1' DAY, '%Y-%m-%d')
  AND received_at >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '60' MINUTE
GROUP BY site, date_trunc('minute', received_at)
