-- The visits of a person in the 30 days before an order, that of the order included, on whichever of the person's
-- devices: position counts from the first. Each gets a share of the order by four models, and the shares of an order add
-- up to 1: first (the first visit), last (the last one that came from somewhere), linear (all alike), position (40 % the
-- first, 40 % the last, 20 % those in between). Direct visits count in linear and position only where all were direct.
-- *_revenue: that share of the order's revenue, in currency. Whose a visit was is what people says; bots are left out.
WITH persons_visits AS (
  SELECT site, person_id, visitor_id, session_id
  FROM people
  GROUP BY site, person_id, visitor_id, session_id
),
visits AS (
  SELECT
    persons_visits.person_id,
    sessions.site,
    sessions.visitor_id,
    sessions.session_id,
    sessions.session_date,
    sessions.started_at,
    sessions.channel,
    sessions.source,
    sessions.medium,
    sessions.campaign,
    sessions.has_source
  FROM persons_visits
  JOIN sessions
    ON sessions.site = persons_visits.site
    AND sessions.visitor_id = persons_visits.visitor_id
    AND sessions.session_id = persons_visits.session_id
  WHERE NOT sessions.is_bot
),
buyers AS (
  SELECT
    orders.site,
    orders.order_id,
    orders.event_at,
    orders.event_date,
    orders.currency,
    orders.revenue,
    people.person_id
  FROM orders
  JOIN people
    ON people.site = orders.site
    AND people.visitor_id = orders.visitor_id
    AND people.session_id = orders.session_id
    AND people.valid_from <= orders.event_at
    AND (people.valid_to IS NULL OR orders.event_at < people.valid_to)
),
before AS (
  SELECT
    buyers.*,
    visits.visitor_id,
    visits.session_id,
    visits.started_at,
    visits.channel,
    visits.source,
    visits.medium,
    visits.campaign,
    visits.has_source,
    bool_or(visits.has_source) OVER (PARTITION BY buyers.site, buyers.order_id) AS came_from_somewhere
  FROM buyers
  JOIN visits ON visits.site = buyers.site AND visits.person_id = buyers.person_id
  WHERE visits.started_at <= buyers.event_at
    AND visits.started_at >= buyers.event_at - INTERVAL '30' DAY
    AND visits.session_date <= buyers.event_date + INTERVAL '1' DAY
    AND visits.session_date >= buyers.event_date - INTERVAL '31' DAY
),
ranked AS (
  SELECT
    before.*,
    has_source OR NOT came_from_somewhere AS counts,
    row_number() OVER (PARTITION BY site, order_id ORDER BY started_at, session_id) AS position,
    count(*) OVER (PARTITION BY site, order_id) AS touches,
    row_number() OVER (
      PARTITION BY site, order_id, has_source OR NOT came_from_somewhere
      ORDER BY started_at, session_id
    ) AS counted_position,
    count(*) OVER (PARTITION BY site, order_id, has_source OR NOT came_from_somewhere) AS counted
  FROM before
),
shared AS (
  SELECT
    ranked.*,
    CASE WHEN position = 1 THEN 1e0 ELSE 0e0 END AS first_share,
    CASE WHEN counts AND counted_position = counted THEN 1e0 ELSE 0e0 END AS last_share,
    CASE WHEN counts THEN CAST(1 AS double) / counted ELSE 0e0 END AS linear_share,
    CASE
      WHEN NOT counts THEN 0e0
      WHEN counted <= 2 THEN CAST(1 AS double) / counted
      WHEN counted_position IN (1, counted) THEN 0.4e0
      ELSE CAST(0.2 AS double) / (counted - 2)
    END AS position_share
  FROM ranked
)
SELECT
  site,
  person_id,
  order_id,
  event_at AS ordered_at,
  event_date AS order_date,
  visitor_id,
  session_id,
  position,
  touches,
  started_at,
  round((to_unixtime(event_at) - to_unixtime(started_at)) / 86400, 3) AS days_before,
  channel,
  source,
  medium,
  campaign,
  has_source,
  first_share,
  last_share,
  linear_share,
  position_share,
  currency,
  CAST(revenue AS double) * first_share AS first_revenue,
  CAST(revenue AS double) * last_share AS last_revenue,
  CAST(revenue AS double) * linear_share AS linear_revenue,
  CAST(revenue AS double) * position_share AS position_revenue
FROM shared
