-- Per site and day of arrival (dt, UTC): what came, what came twice, and what is missing or doubtful in it.
-- Rejected events whose site is not known count under the site (unknown).
WITH written AS (
  SELECT
    site,
    dt,
    count_if(event_name <> 'session_merge') AS rows_written,
    count_if(event_name = 'session_merge') AS merges
  FROM enriched
  GROUP BY site, dt
),
kept AS (
  SELECT
    site,
    dt,
    count(*) AS events,
    count_if(is_late) AS late,
    count_if(is_time_suspect) AS time_suspect,
    count_if(visitor_kind = 'cookieless') AS cookieless,
    count_if(is_bot) AS bots,
    count_if(cardinality(enrich_errors) > 0) AS with_enrich_errors,
    count_if(page_url IS NULL) AS without_page,
    count_if(geo_country IS NULL) AS without_country,
    count_if(event_name = 'purchase' AND transaction_id IS NULL) AS orders_without_id,
    count_if(event_name = 'purchase' AND value IS NULL) AS orders_without_value
  FROM events
  GROUP BY site, dt
),
refused AS (
  SELECT coalesce(site, '(unknown)') AS site, dt, count(*) AS rejected
  FROM rejected
  GROUP BY coalesce(site, '(unknown)'), dt
)
SELECT
  coalesce(written.site, refused.site) AS site,
  coalesce(written.dt, refused.dt) AS dt,
  coalesce(written.rows_written, 0) AS rows_written,
  coalesce(kept.events, 0) AS events,
  coalesce(written.rows_written, 0) - coalesce(kept.events, 0) AS copies,
  coalesce(written.merges, 0) AS merges,
  coalesce(kept.late, 0) AS late,
  coalesce(kept.time_suspect, 0) AS time_suspect,
  coalesce(kept.cookieless, 0) AS cookieless,
  coalesce(kept.bots, 0) AS bots,
  coalesce(kept.with_enrich_errors, 0) AS with_enrich_errors,
  coalesce(kept.without_page, 0) AS without_page,
  coalesce(kept.without_country, 0) AS without_country,
  coalesce(kept.orders_without_id, 0) AS orders_without_id,
  coalesce(kept.orders_without_value, 0) AS orders_without_value,
  coalesce(refused.rejected, 0) AS rejected
FROM written
LEFT JOIN kept ON kept.site = written.site AND kept.dt = written.dt
FULL JOIN refused ON refused.site = written.site AND refused.dt = written.dt
