-- Weekly cohorts: of the visitors first seen in a week (it begins on Monday), how many came back n weeks later, and
-- how many bought then. Only visitors with a cookie: a cookieless visitor has another id the next day.
WITH firsts AS (
  SELECT site, visitor_id, CAST(date_trunc('week', min(session_date)) AS date) AS cohort_week
  FROM sessions
  WHERE NOT is_bot AND visitor_kind = 'cookie'
  GROUP BY site, visitor_id
),
sizes AS (
  SELECT site, cohort_week, count(*) AS cohort_visitors
  FROM firsts
  GROUP BY site, cohort_week
)
SELECT
  firsts.site,
  firsts.cohort_week,
  date_diff('week', firsts.cohort_week, date_trunc('week', sessions.session_date)) AS weeks_later,
  max(sizes.cohort_visitors) AS cohort_visitors,
  count(DISTINCT sessions.visitor_id) AS visitors,
  count(DISTINCT CASE WHEN sessions.orders > 0 THEN sessions.visitor_id END) AS buyers,
  CAST(count(DISTINCT sessions.visitor_id) AS double) / max(sizes.cohort_visitors) AS share
FROM firsts
JOIN sessions ON sessions.site = firsts.site AND sessions.visitor_id = firsts.visitor_id
JOIN sizes ON sizes.site = firsts.site AND sizes.cohort_week = firsts.cohort_week
WHERE NOT sessions.is_bot
GROUP BY
  firsts.site,
  firsts.cohort_week,
  date_diff('week', firsts.cohort_week, date_trunc('week', sessions.session_date))
