-- How new the newest row of each site is. Firehose writes every few minutes, so some minutes are normal; more than
-- its buffer time and no traffic in the shop's busy hours is not.
SELECT
  site,
  max(received_at) AS newest_received_at,
  max(event_at) AS newest_event_at,
  (to_unixtime(CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)) - to_unixtime(max(received_at))) / 60 AS minutes_behind,
  count(*) AS rows_of_two_days
FROM enriched
WHERE dt >= date_format(current_timestamp AT TIME ZONE 'UTC' - INTERVAL '1' DAY, '%Y-%m-%d')
GROUP BY site
