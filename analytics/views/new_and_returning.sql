-- Visits of people per day, channel, device and currency, divided by whether it was the visitor's first: new,
-- returning, or unknown for cookieless visitors, who are new every day. The first visit is looked up in the
-- whole history: a visitor who came before the lake began is new at the first visit in it. Money is in currency.
WITH visits AS (
  SELECT
    sessions.site,
    sessions.session_date,
    sessions.channel,
    sessions.device_class,
    sessions.currency,
    sessions.visitor_id,
    sessions.orders,
    sessions.revenue,
    CASE
      WHEN coalesce(sessions.visitor_kind, '') <> 'cookie' THEN 'unknown'
      WHEN sessions.session_id = visitors.first_session_id THEN 'new'
      ELSE 'returning'
    END AS visitor
  FROM sessions
  JOIN visitors ON visitors.site = sessions.site AND visitors.visitor_id = sessions.visitor_id
  WHERE NOT sessions.is_bot
)
SELECT
  site,
  session_date,
  channel,
  device_class,
  currency,
  visitor,
  count(*) AS sessions,
  count(DISTINCT visitor_id) AS visitors,
  sum(orders) AS orders,
  sum(revenue) AS revenue
FROM visits
GROUP BY site, session_date, channel, device_class, currency, visitor
