-- One row per session, merges followed. Device and country are those of the first event by event time; channel,
-- source, medium and campaign those of the first event that came from outside the shop (Unassigned without a source:
-- there was none; has_source says whether there was one that is not direct). Where a link says no source, the network
-- of its click id does. A purchase or refund that the shop's server sent (no page) gives neither, and makes no
-- person's session a bot's. Bounce: at most one page, and nothing done there but looking.
-- Money is in currency: of the first order, else of the first thing put into the cart. gross_revenue, refunded and
-- revenue (the rest) leave orders in other currencies out; orders and orders_in_currency count both and only these.
-- cart_pieces and cart_value are what was put into the cart and not taken out again in this visit.
-- accounts: who was signed in, one entry for each stretch of events that name the same user_id, in their order; null
-- where nobody was. user_id is one of them.
WITH networks AS (
  -- what a click id says where the link has no utm parameters, as in the enrichment campaign
  SELECT *
  FROM (
    VALUES
      {click_networks}
  ) AS known (network, network_source, network_medium)
),
marked AS (
  SELECT
    events.*,
    -- a paid click says more than the page it came from, an unpaid one less
    coalesce(
      utm_source,
      CASE WHEN network_medium NOT IN ('referral', 'organic') THEN network_source END,
      referrer_source,
      network_source
    ) AS touch_source,
    coalesce(
      utm_medium,
      CASE WHEN network_medium NOT IN ('referral', 'organic') THEN network_medium END,
      referrer_medium,
      network_medium
    ) AS touch_medium,
    CASE WHEN event_name IN ('purchase', 'refund') AND page_url IS NULL THEN 1 ELSE 0 END AS from_server,
    CASE
      WHEN event_name IN ('page_view', 'screen_view', 'scroll', 'user_engagement', 'page_leave', 'page_ping') THEN 0
      WHEN event_name IN ('session_start', 'first_visit', 'first_open', 'web_vitals', 'exception', 'refund') THEN 0
      WHEN substr(event_name, 1, 5) = 'view_' THEN 0
      ELSE 1
    END AS is_deed
  FROM events
  LEFT JOIN networks ON networks.network = events.click_network
),
ranked AS (
  SELECT
    marked.*,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id
      ORDER BY from_server, event_at, raw_sequence, session_event_index, event_id
    ) AS row_rank,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, channel IS NOT NULL
      ORDER BY from_server, event_at, raw_sequence, session_event_index, event_id
    ) AS touch,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, event_name
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS of_its_name,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, event_name
      ORDER BY event_at DESC, raw_sequence DESC, session_event_index DESC, event_id DESC
    ) AS of_its_name_from_the_end
  FROM marked
),
bought AS (
  SELECT
    site,
    visitor_id,
    session_id,
    currency,
    count(*) AS orders,
    sum(gross_revenue) AS gross_revenue,
    sum(refunded) AS refunded,
    sum(count(*)) OVER (PARTITION BY site, visitor_id, session_id) AS orders_in_all,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id
      ORDER BY min(event_at), coalesce(currency, '')
    ) AS currency_number
  FROM orders
  GROUP BY site, visitor_id, session_id, currency
),
-- what was put into the cart (pieces above 0) and taken out: by item where every item has a price, else as one thing
cart_lines AS (
  SELECT
    events.site,
    events.visitor_id,
    events.session_id,
    events.currency,
    events.event_at,
    events.raw_sequence,
    events.session_event_index,
    events.event_id,
    coalesce(item.item_id, item.item_name, '') AS item_id,
    item.price,
    CASE WHEN events.event_name = 'add_to_cart' THEN 1 ELSE -1 END * coalesce(item.quantity, 1) AS pieces
  FROM events
  CROSS JOIN UNNEST(events.items) AS t (item)
  WHERE events.event_name IN ('add_to_cart', 'remove_from_cart')
    AND cardinality(filter(events.items, one -> one.price IS NULL)) = 0
  UNION ALL
  SELECT
    events.site,
    events.visitor_id,
    events.session_id,
    events.currency,
    events.event_at,
    events.raw_sequence,
    events.session_event_index,
    events.event_id,
    '(items without a price)',
    coalesce(events.value, 0),
    CASE WHEN events.event_name = 'add_to_cart' THEN 1 ELSE -1 END
  FROM events
  WHERE events.event_name IN ('add_to_cart', 'remove_from_cart')
    AND (events.items IS NULL OR cardinality(events.items) = 0 OR cardinality(filter(events.items, one -> one.price IS NULL)) > 0)
),
cart_steps AS (
  SELECT
    cart_lines.*,
    sum(pieces) OVER (
      PARTITION BY site, visitor_id, session_id, currency, item_id
      ORDER BY event_at, raw_sequence, session_event_index, event_id, pieces DESC, price
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS pieces_so_far,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, currency, item_id, pieces > 0
      ORDER BY event_at DESC, raw_sequence DESC, session_event_index DESC, event_id DESC, price DESC
    ) AS from_the_end
  FROM cart_lines
),
cart_items AS (
  SELECT
    site,
    visitor_id,
    session_id,
    currency,
    min(event_at) AS first_at,
    -- taking out more than this visit put in leaves nothing, not less than nothing
    sum(pieces) - CASE WHEN min(pieces_so_far) < 0 THEN min(pieces_so_far) ELSE 0 END AS pieces,
    max(CASE WHEN pieces > 0 AND from_the_end = 1 THEN price END) AS price
  FROM cart_steps
  GROUP BY site, visitor_id, session_id, currency, item_id
),
carts AS (
  SELECT
    site,
    visitor_id,
    session_id,
    currency,
    sum(pieces) AS pieces,
    sum(pieces * coalesce(price, 0)) AS cart_value,
    sum(sum(pieces)) OVER (PARTITION BY site, visitor_id, session_id) AS pieces_in_all,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id
      ORDER BY min(first_at), coalesce(currency, '')
    ) AS currency_number
  FROM cart_items
  GROUP BY site, visitor_id, session_id, currency
),
-- a stretch ends where an event names another account; events without a name end none
account_steps AS (
  SELECT
    site,
    visitor_id,
    session_id,
    user_id,
    event_at,
    raw_sequence,
    session_event_index,
    event_id,
    CASE
      WHEN user_id = lag(user_id) OVER (
        PARTITION BY site, visitor_id, session_id
        ORDER BY event_at, raw_sequence, session_event_index, event_id
      ) THEN 0
      ELSE 1
    END AS is_step
  FROM events
  WHERE user_id IS NOT NULL
),
account_stretches AS (
  SELECT
    account_steps.*,
    sum(is_step) OVER (
      PARTITION BY site, visitor_id, session_id
      ORDER BY event_at, raw_sequence, session_event_index, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS stretch
  FROM account_steps
),
account_spans AS (
  SELECT
    site,
    visitor_id,
    session_id,
    stretch,
    CAST(
      ROW(max(user_id), min(event_at), max(event_at), count(*))
      AS ROW(user_id varchar, first_at timestamp(6), last_at timestamp(6), events bigint)
    ) AS span
  FROM account_stretches
  GROUP BY site, visitor_id, session_id, stretch
),
signed_in AS (
  SELECT site, visitor_id, session_id, array_agg(span ORDER BY stretch) AS accounts
  FROM account_spans
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
    min(event_date) AS session_date,
    count(*) AS events,
    count_if(event_name = 'page_view') AS page_views,
    count_if(event_name = 'view_item') AS item_views,
    count_if(event_name = 'add_to_cart') AS cart_adds,
    count_if(event_name = 'begin_checkout') AS checkouts,
    count_if(event_name = 'add_payment_info') AS payments,
    count_if(event_name = 'search') AS searches,
    sum(is_deed) AS deeds,
    max(CASE WHEN event_name = 'page_view' AND of_its_name = 1 THEN page_path END) AS entry_path,
    max(CASE WHEN event_name = 'page_view' AND of_its_name_from_the_end = 1 THEN page_path END) AS exit_path,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN channel END) AS channel,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN touch_source END) AS source,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN touch_medium END) AS medium,
    max(CASE WHEN channel IS NOT NULL AND touch = 1 THEN utm_campaign END) AS campaign,
    max(CASE WHEN row_rank = 1 THEN device_class END) AS device_class,
    max(CASE WHEN row_rank = 1 THEN browser_name END) AS browser_name,
    max(CASE WHEN row_rank = 1 THEN os_name END) AS os_name,
    max(CASE WHEN row_rank = 1 THEN geo_country END) AS geo_country,
    max(CASE WHEN row_rank = 1 THEN geo_region END) AS geo_region,
    max(CASE WHEN row_rank = 1 THEN geo_city END) AS geo_city,
    coalesce(
      max(CASE WHEN from_server = 0 THEN bot_name END),
      CASE WHEN min(from_server) = 1 THEN max(bot_name) END
    ) AS bot_name,
    coalesce(
      bool_or(CASE WHEN from_server = 0 THEN coalesce(is_bot, false) END),
      bool_or(coalesce(is_bot, false))
    ) AS is_bot,
    bool_or(coalesce(is_late, false)) AS has_late_events
  FROM ranked
  GROUP BY site, visitor_id, session_id
)
SELECT
  summed.site,
  summed.visitor_id,
  summed.session_id,
  summed.visitor_kind,
  summed.user_id,
  signed_in.accounts,
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
  coalesce(bought.currency, CASE WHEN bought.orders IS NULL THEN carts.currency END) AS currency,
  coalesce(carts.pieces_in_all, 0) AS cart_pieces,
  coalesce(
    CASE
      WHEN bought.orders IS NULL OR coalesce(bought.currency, '') = coalesce(carts.currency, '') THEN carts.cart_value
    END,
    0
  ) AS cart_value,
  CAST(coalesce(bought.orders_in_all, 0) AS bigint) AS orders,
  coalesce(bought.orders, 0) AS orders_in_currency,
  coalesce(bought.gross_revenue, 0) AS gross_revenue,
  coalesce(bought.refunded, 0) AS refunded,
  coalesce(bought.gross_revenue, 0) - coalesce(bought.refunded, 0) AS revenue,
  summed.page_views <= 1 AND summed.item_views <= 1 AND summed.deeds = 0 AS is_bounce,
  summed.entry_path,
  summed.exit_path,
  coalesce(summed.channel, 'Unassigned') AS channel,
  summed.source,
  summed.medium,
  summed.campaign,
  coalesce(summed.channel, 'Direct') <> 'Direct' AS has_source,
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
  ON bought.site = summed.site
  AND bought.visitor_id = summed.visitor_id
  AND bought.session_id = summed.session_id
  AND bought.currency_number = 1
LEFT JOIN carts
  ON carts.site = summed.site
  AND carts.visitor_id = summed.visitor_id
  AND carts.session_id = summed.session_id
  AND carts.currency_number = 1
LEFT JOIN signed_in
  ON signed_in.site = summed.site
  AND signed_in.visitor_id = summed.visitor_id
  AND signed_in.session_id = summed.session_id
