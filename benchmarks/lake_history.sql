-- Rows of one day of landing (benchmarks/lake_history.py). Names with a colon are filled in.
WITH sessions AS (
  SELECT i, CAST(hash(i, 1) >> 1 AS BIGINT) AS h, CAST(hash(i % :people, 2) >> 1 AS BIGINT) AS person,
    CAST(1 + hash(i, 3) % 15 AS BIGINT) AS events,
    TIMESTAMP ':day' + to_seconds(CAST(3600 * 3 + hash(i, 4) % 75600 AS BIGINT)) AS start
  FROM range(:first, :last) AS r (i)
),
plain AS (
  SELECT s.*, k, CAST(hash(i, k, 5) >> 1 AS BIGINT) AS e, start + to_seconds(CAST(k * 47 AS BIGINT)) AS moment,
    CASE WHEN k = 0 OR k % 3 = 1 THEN 'page_view' WHEN k = events - 1 AND h % 100 < 3 THEN 'purchase'
      WHEN k % 5 = 2 THEN 'add_to_cart' WHEN k % 7 = 3 THEN 'search' ELSE 'view_item' END AS name
  FROM sessions AS s, range(0, CAST(events AS BIGINT)) AS n (k)
),
all_rows AS (
  SELECT *, 0 AS copy, CAST(NULL AS VARCHAR) AS absorbed FROM plain
  UNION ALL
  SELECT *, 1, NULL FROM plain WHERE e % 100 = 0
  UNION ALL
  SELECT * REPLACE ('session_merge' AS name, CAST(hash(i, k, 9) >> 1 AS BIGINT) AS e), 0, :uuid_absorbed
  FROM plain WHERE k = 0 AND h % 1000 = 7
)
SELECT :uuid_event AS event_id, 'loja' AS site, name AS event_name, moment + INTERVAL 1 SECOND AS received_at,
  :uuid_visitor AS visitor_id, 'cookie' AS visitor_kind, CASE WHEN person % 20 = 0 THEN 'c' || person % 100000 END AS user_id,
  '49' || lpad(CAST(epoch_ms(moment) AS VARCHAR), 20, '0') || lpad(CAST(e AS VARCHAR), 32, '0') || lpad(CAST(copy AS VARCHAR), 2, '0')
    AS raw_sequence,
  1 AS schema_version, '2' AS enrich_version, CAST([] AS VARCHAR[]) AS enrich_errors, :uuid_session AS session_id,
  start AS session_started_at, CAST(k + 1 AS INTEGER) AS session_event_index, k = 0 AS is_session_start, false AS is_late,
  absorbed AS merged_session_id, moment AS event_at, CAST(moment - INTERVAL 3 HOUR AS DATE) AS event_date, false AS is_time_suspect,
  'https://www.loja.example/p/' || e % 5000 || '?ref=' || h % 100000 AS page_url, 'www.loja.example' AS page_host,
  '/p/' || e % 5000 AS page_path, 'Produto ' || e % 5000 AS page_title, 'pt-br' AS language, 390 AS screen_width,
  844 AS screen_height, 390 AS viewport_width, CAST(600 + h % 200 AS INTEGER) AS viewport_height,
  ['google', 'instagram', 'newsletter', NULL][1 + h % 4] AS utm_source, ['cpc', 'social', 'email', NULL][1 + h % 4] AS utm_medium,
  'campanha-' || h % 40 AS utm_campaign, CASE WHEN h % 4 = 0 THEN 'google_ads' END AS click_network,
  CASE WHEN k = 0 THEN ['Paid Search', 'Paid Social', 'Email', 'Direct'][1 + h % 4] END AS channel,
  'Mozilla/5.0 (Linux; Android 14; SM-' || person % 3000 || ') AppleWebKit/537.36 Chrome/1' || person % 30 AS user_agent,
  'Chrome' AS browser_name, CAST(100 + person % 30 AS VARCHAR) AS browser_version, 'Android' AS os_name,
  ['mobile', 'mobile', 'desktop', 'tablet'][1 + person % 4] AS device_class, 'BR' AS geo_country, 'SP' AS geo_region,
  'Cidade ' || person % 500 AS geo_city, -23.5 + (person % 1000) / 1000 AS geo_latitude, h % 50 = 0 AS is_bot,
  CASE WHEN name IN ('purchase', 'add_to_cart', 'view_item') THEN 'BRL' END AS currency,
  CASE WHEN name = 'purchase' THEN CAST(20 + h % 500 AS DECIMAL(18,4)) END AS value,
  CASE WHEN name = 'purchase' THEN 'P-' || i END AS transaction_id,
  CASE WHEN name IN ('purchase', 'add_to_cart', 'view_item') THEN [{'item_id': 'sku-' || e % 5000,
    'item_name': 'Produto ' || e % 5000, 'item_category': 'c' || e % 30, 'price': CAST(9.9 + e % 300 AS DECIMAL(18,4)), 'quantity': 1}] END AS items,
  CASE WHEN name = 'search' THEN 'termo ' || e % 2000 END AS search_term, true AS consent_analytics,
  '{"ab":"' || h % 1000 || '","pos":' || e % 97 || '}' AS properties
FROM all_rows
