-- Visitors, bots left out: when each was first and last seen, what brought it first, and last from somewhere (the last
-- visit that was direct or went on inside the shop is passed over; if all were, it is the first one's channel), and what
-- it did and bought since. A visitor is a browser, not a person: people says whose it is. Of a cookieless visitor it is
-- one day. Money is in currency, that of the first order, as in sessions. accounts: how many signed in here.
WITH ranked AS (
  SELECT
    sessions.*,
    row_number() OVER (PARTITION BY site, visitor_id ORDER BY started_at, session_id) AS row_rank,
    row_number() OVER (
      PARTITION BY site, visitor_id
      ORDER BY CASE WHEN has_source THEN 0 ELSE 1 END, CASE WHEN has_source THEN started_at END DESC, started_at, session_id
    ) AS last_rank
  FROM sessions
  WHERE NOT is_bot
),
bought AS (
  SELECT
    site,
    visitor_id,
    currency,
    sum(orders_in_currency) AS orders_in_currency,
    sum(gross_revenue) AS gross_revenue,
    sum(refunded) AS refunded,
    sum(revenue) AS revenue,
    row_number() OVER (PARTITION BY site, visitor_id ORDER BY min(started_at), coalesce(currency, '')) AS currency_number
  FROM sessions
  WHERE NOT is_bot AND orders > 0
  GROUP BY site, visitor_id, currency
),
signed_in AS (
  SELECT sessions.site, sessions.visitor_id, count(DISTINCT account.user_id) AS accounts
  FROM sessions
  CROSS JOIN UNNEST(sessions.accounts) AS t (account)
  WHERE NOT sessions.is_bot
  GROUP BY sessions.site, sessions.visitor_id
)
SELECT
  ranked.site,
  ranked.visitor_id,
  max(ranked.visitor_kind) AS visitor_kind,
  min(ranked.started_at) AS first_seen_at,
  max(ranked.ended_at) AS last_seen_at,
  min(ranked.session_date) AS first_date,
  max(ranked.session_date) AS last_date,
  count(*) AS sessions,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.session_id END) AS first_session_id,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.channel END) AS first_channel,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.source END) AS first_source,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.medium END) AS first_medium,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.campaign END) AS first_campaign,
  max(CASE WHEN ranked.row_rank = 1 THEN ranked.entry_path END) AS first_landing,
  max(CASE WHEN ranked.last_rank = 1 THEN ranked.channel END) AS last_channel,
  max(CASE WHEN ranked.last_rank = 1 THEN ranked.source END) AS last_source,
  max(CASE WHEN ranked.last_rank = 1 THEN ranked.medium END) AS last_medium,
  max(CASE WHEN ranked.last_rank = 1 THEN ranked.campaign END) AS last_campaign,
  max(coalesce(signed_in.accounts, 0)) AS accounts,
  sum(ranked.orders) AS orders,
  max(bought.currency) AS currency,
  max(coalesce(bought.orders_in_currency, 0)) AS orders_in_currency,
  max(coalesce(bought.gross_revenue, 0)) AS gross_revenue,
  max(coalesce(bought.refunded, 0)) AS refunded,
  max(coalesce(bought.revenue, 0)) AS revenue
FROM ranked
LEFT JOIN bought
  ON bought.site = ranked.site AND bought.visitor_id = ranked.visitor_id AND bought.currency_number = 1
LEFT JOIN signed_in ON signed_in.site = ranked.site AND signed_in.visitor_id = ranked.visitor_id
GROUP BY ranked.site, ranked.visitor_id
