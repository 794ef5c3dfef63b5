-- What people search for in the shop, per day, and what became of the visits in which they did.
SELECT
  events.site,
  events.event_date,
  lower(trim(events.search_term)) AS search_term,
  count(*) AS searches,
  count(DISTINCT events.session_id) AS sessions,
  count(DISTINCT CASE WHEN sessions.cart_adds > 0 THEN events.session_id END) AS sessions_with_cart,
  count(DISTINCT CASE WHEN sessions.orders > 0 THEN events.session_id END) AS sessions_with_order
FROM events
JOIN sessions
  ON sessions.site = events.site
  AND sessions.visitor_id = events.visitor_id
  AND sessions.session_id = events.session_id
WHERE events.event_name = 'search' AND events.search_term IS NOT NULL AND NOT sessions.is_bot
GROUP BY events.site, events.event_date, lower(trim(events.search_term))
