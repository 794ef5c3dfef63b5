-- One row per session, merges followed. Device and place are those of the first event by event time; channel,
-- source and campaign those of the first event that came from outside the shop (Unassigned: there was none).
-- Bounce: at most one page and nothing done there but looking.
WITH placed AS (
  SELECT
    events.*,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS place,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, channel IS NOT NULL
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS touch,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, event_name
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS of_its_name,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, event_name
      ORDER BY event_at DESC, raw_sequence DESC, session_event_index DESC, event_id DESC
    ) AS of_its_name_from_the_end
  FROM events
),
bought AS (
  SELECT site, visitor_id, session_id, count(*) AS orders, sum(value) AS revenue
  FROM orders
  GROUP BY site, visitor_id, session_id
),
summed AS (
  SELECT
    site,
    visitor_id,
    session_id,
    max(visitor_kind) AS visitor_kind,
    max(user_id) AS user_id,
    min(event_at) AS started_at,
    max(event_at) AS ended_at,
    round(to_unixtime(max(event_at)) - to_unixtime(min(event_at)), 3) AS seconds,
    max(CASE WHEN place = 1 THEN event_date END) AS session_date,
    count(*) AS events,
    count_if(event_name = 'page_view') AS page_views,
    count_if(event_name = 'view_item') AS item_views,
    count_if(event_name = 'add_to_cart') AS cart_adds,
    count_if(event_name = 'begin_checkout') AS checkouts,
    count_if(event_name = 'add_payment_info') AS payments,
    count_if(event_name = 'purchase') AS purchases,
    count_if(event_name = 'search') AS searches,
    sum(CASE event_name WHEN 'add_to_cart' THEN value WHEN 'remove_from_cart' THEN -value END) AS cart_value,
    max(CASE WHEN event_name = 'page_view' AND of_its_name = 1 THEN page_path END) AS entry_path,
    max(CASE WHEN event_name = 'page_view' AND of_its_name_from_the_end = 1 THEN page_path END) AS exit_path,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN channel END) AS channel,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN coalesce(utm_source, referrer_source) END) AS source,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN coalesce(utm_medium, referrer_medium) END) AS medium,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN utm_campaign END) AS campaign,
    max(CASE WHEN place = 1 THEN device_class END) AS device_class,
    max(CASE WHEN place = 1 THEN browser_name END) AS browser_name,
    max(CASE WHEN place = 1 THEN os_name END) AS os_name,
    max(CASE WHEN place = 1 THEN geo_country END) AS geo_country,
    max(CASE WHEN place = 1 THEN geo_region END) AS geo_region,
    max(CASE WHEN place = 1 THEN geo_city END) AS geo_city,
    max(bot_name) AS bot_name,
    bool_or(coalesce(is_bot, false)) AS is_bot,
    bool_or(coalesce(is_late, false)) AS has_late_events
  FROM placed
  GROUP BY site, visitor_id, session_id
)
SELECT
  summed.site,
  summed.visitor_id,
  summed.session_id,
  summed.visitor_kind,
  summed.user_id,
  summed.started_at,
  summed.ended_at,
  summed.seconds,
  summed.session_date,
  summed.events,
  summed.page_views,
  summed.item_views,
  summed.cart_adds,
  summed.checkouts,
  summed.payments,
  summed.searches,
  coalesce(summed.cart_value, 0) AS cart_value,
  coalesce(bought.orders, 0) AS orders,
  coalesce(bought.revenue, 0) AS revenue,
  summed.page_views <= 1
    AND summed.cart_adds + summed.checkouts + summed.purchases + summed.searches = 0
    AND summed.item_views <= 1 AS is_bounce,
  summed.entry_path,
  summed.exit_path,
  coalesce(summed.channel, 'Unassigned') AS channel,
  summed.source,
  summed.medium,
  summed.campaign,
  coalesce(summed.device_class, 'other') AS device_class,
  summed.browser_name,
  summed.os_name,
  summed.geo_country,
  summed.geo_region,
  summed.geo_city,
  summed.bot_name,
  summed.is_bot,
  summed.has_late_events
FROM summed
LEFT JOIN bought
  ON bought.site = summed.site AND bought.visitor_id = summed.visitor_id AND bought.session_id = summed.session_id
