-- Visits of people per day, channel, device and currency, told apart by whether it was the visitor's first: new,
-- returning, or unknown for cookieless visitors, who are new every day. The first visit is looked up in the
-- whole history: a visitor who came before the lake began is new at the first visit in it. Money is in currency.
SELECT
  sessions.site,
  sessions.session_date,
  sessions.channel,
  sessions.device_class,
  sessions.currency,
  CASE
    WHEN coalesce(sessions.visitor_kind, '') <> 'cookie' THEN 'unknown'
    WHEN sessions.session_id = visitors.first_session_id THEN 'new'
    ELSE 'returning'
  END AS visitor,
  count(*) AS sessions,
  count(DISTINCT sessions.visitor_id) AS visitors,
  sum(sessions.orders) AS orders,
  sum(sessions.revenue) AS revenue
FROM sessions
JOIN visitors ON visitors.site = sessions.site AND visitors.visitor_id = sessions.visitor_id
WHERE NOT sessions.is_bot
GROUP BY
  sessions.site,
  sessions.session_date,
  sessions.channel,
  sessions.device_class,
  sessions.currency,
  CASE
    WHEN coalesce(sessions.visitor_kind, '') <> 'cookie' THEN 'unknown'
    WHEN sessions.session_id = visitors.first_session_id THEN 'new'
    ELSE 'returning'
  END
