-- Which account signed in at which visitor: one row for each pair that was ever seen, bots and cookieless visitors left
-- out. This is all that identity is made of; people says what follows from it. accounts_of_visitor: how many accounts the
-- visitor knows; visitors_of_account: at how many visitors the account was. is_separated: the operator keeps the two
-- apart (table separations), so the pair joins nothing.
WITH seen AS (
  SELECT
    sessions.site,
    sessions.visitor_id,
    account.user_id,
    min(account.first_at) AS first_at,
    max(account.last_at) AS last_at,
    count(DISTINCT sessions.session_id) AS sessions,
    sum(account.events) AS events
  FROM sessions
  CROSS JOIN UNNEST(sessions.accounts) AS t (account)
  WHERE NOT sessions.is_bot AND sessions.visitor_kind = 'cookie'
  GROUP BY sessions.site, sessions.visitor_id, account.user_id
),
apart AS (
  SELECT DISTINCT site, visitor_id, user_id
  FROM separations
)
SELECT
  seen.site,
  seen.visitor_id,
  seen.user_id,
  seen.first_at,
  seen.last_at,
  seen.sessions,
  CAST(seen.events AS bigint) AS events,
  count(*) OVER (PARTITION BY seen.site, seen.visitor_id) AS accounts_of_visitor,
  count(*) OVER (PARTITION BY seen.site, seen.user_id) AS visitors_of_account,
  apart.user_id IS NOT NULL AS is_separated
FROM seen
LEFT JOIN apart
  ON apart.site = seen.site AND apart.visitor_id = seen.visitor_id AND apart.user_id = seen.user_id
