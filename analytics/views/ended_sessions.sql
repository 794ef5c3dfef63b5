-- One row per session that is over, minutes after its end: the newest revision of session_ends. Sessions that became
-- part of another are left out. is_final: nothing can change it any more. A row delivered twice counts once.
WITH ranked AS (
  SELECT
    session_ends.*,
    row_number() OVER (PARTITION BY site, session_id ORDER BY revision DESC, row_id) AS row_rank
  FROM session_ends
)
SELECT
  row_id,
  site,
  visitor_id,
  session_id,
  revision,
  is_final,
  closed_by,
  closed_at,
  started_at,
  ended_at,
  seconds,
  events,
  page_views,
  is_engaged,
  entry_path,
  exit_path,
  channel,
  source,
  medium,
  campaign,
  device_class,
  browser_name,
  os_name,
  geo_country,
  geo_region,
  geo_city,
  orders,
  revenue,
  cart_quantity,
  cart_value,
  cart_currency,
  is_bot,
  user_id
FROM ranked
WHERE row_rank = 1 AND closed_by <> 'merge'
