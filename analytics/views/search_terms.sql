-- What people search for in the shop, per day, and what became of the visits in which they did. Terms are compared in
-- lower case and with single blanks, whatever kind of blank was typed.
WITH searched AS (
  SELECT
    events.site,
    events.event_date,
    events.session_id,
    -- both spellings of \s and trim differ between engines for tabs and no-break spaces: here one class for all
    lower(trim(regexp_replace(events.search_term, '[\s\x{A0}\x{2000}-\x{200B}\x{202F}\x{3000}\x{FEFF}]+', ' '))) AS search_term,
    sessions.cart_adds,
    sessions.orders
  FROM events
  JOIN sessions
    ON sessions.site = events.site
    AND sessions.visitor_id = events.visitor_id
    AND sessions.session_id = events.session_id
    AND sessions.session_date <= events.event_date
    AND sessions.session_date >= events.event_date - INTERVAL '8' DAY
  WHERE events.event_name = 'search' AND events.search_term IS NOT NULL AND NOT sessions.is_bot
)
SELECT
  site,
  event_date,
  search_term,
  count(*) AS searches,
  count(DISTINCT session_id) AS sessions,
  count(DISTINCT CASE WHEN cart_adds > 0 THEN session_id END) AS sessions_with_cart,
  count(DISTINCT CASE WHEN orders > 0 THEN session_id END) AS sessions_with_order
FROM searched
WHERE search_term <> ''
GROUP BY site, event_date, search_term
