-- Every event once. Of the copies of an event the one with the smallest raw_sequence is kept, so a repeated
-- request, a replay and a re-run of the consumer change nothing here. session_id follows merges: it names the
-- surviving session; written_session_id is what the row was written with. Rows named session_merge are not events.
WITH ranked AS (
  SELECT
    enriched.*,
    row_number() OVER (PARTITION BY site, visitor_id, event_id ORDER BY raw_sequence) AS copy_number
  FROM enriched
  WHERE event_name <> 'session_merge'
),
merges AS (
  SELECT site, visitor_id, map_agg(merged_session_id, session_id) AS merged_into
  FROM (
    SELECT DISTINCT site, visitor_id, merged_session_id, session_id
    FROM enriched
    WHERE event_name = 'session_merge'
  ) AS merge_rows
  GROUP BY site, visitor_id
)
SELECT
  ranked.event_id,
  ranked.site,
  ranked.event_name,
  ranked.event_at,
  ranked.event_date,
  ranked.received_at,
  ranked.visitor_id,
  ranked.visitor_kind,
  ranked.user_id,
  ranked.raw_sequence,
  ranked.schema_version,
  ranked.enrich_version,
  ranked.enrich_errors,
  ranked.is_time_suspect,
  ranked.session_started_at,
  ranked.session_event_index,
  ranked.is_session_start,
  ranked.is_late,
  ranked.page_url,
  ranked.page_host,
  ranked.page_path,
  ranked.page_query,
  ranked.page_title,
  ranked.language,
  ranked.screen_width,
  ranked.screen_height,
  ranked.viewport_width,
  ranked.viewport_height,
  ranked.referrer_url,
  ranked.referrer_host,
  ranked.referrer_medium,
  ranked.referrer_source,
  ranked.referrer_term,
  ranked.channel,
  ranked.utm_source,
  ranked.utm_medium,
  ranked.utm_campaign,
  ranked.utm_term,
  ranked.utm_content,
  ranked.utm_id,
  ranked.click_id,
  ranked.click_network,
  ranked.user_agent,
  ranked.browser_name,
  ranked.browser_version,
  ranked.os_name,
  ranked.os_version,
  ranked.device_class,
  ranked.device_brand,
  ranked.device_model,
  ranked.is_bot,
  ranked.bot_name,
  ranked.bot_reasons,
  ranked.geo_continent,
  ranked.geo_country,
  ranked.geo_region,
  ranked.geo_region_name,
  ranked.geo_city,
  ranked.geo_postal_code,
  ranked.geo_latitude,
  ranked.geo_longitude,
  ranked.geo_accuracy_km,
  ranked.geo_timezone,
  ranked.asn,
  ranked.as_organization,
  ranked.currency,
  ranked.value,
  ranked.transaction_id,
  ranked.coupon,
  ranked.shipping,
  ranked.tax,
  ranked.items_count,
  ranked.items_quantity,
  ranked.items,
  ranked.search_term,
  ranked.ip_truncated,
  ranked.consent_analytics,
  ranked.consent_ads,
  ranked.properties,
  -- A survivor may itself be merged later: as many steps as there are merges reach the end of every chain.
  coalesce(
    reduce(
      map_keys(merges.merged_into),
      ranked.session_id,
      (id, step) -> coalesce(element_at(merges.merged_into, id), id),
      id -> id
    ),
    ranked.session_id
  ) AS session_id,
  ranked.session_id AS written_session_id,
  ranked.dt,
  ranked.hour
FROM ranked
LEFT JOIN merges ON merges.site = ranked.site AND merges.visitor_id = ranked.visitor_id
WHERE ranked.copy_number = 1
