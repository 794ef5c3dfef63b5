-- Sessions by the clients' own ids beside ours, over the same events, a row for each day and kind of client: how many
-- there are on both sides, how many hold the same events, and why the others differ. One of theirs in several of ours
-- is split: by a pause of at least half an hour, or otherwise. Several of theirs in one of ours are joined: their
-- client began a new one at a campaign, at another day, or otherwise. The day is that of a session's first event.
WITH named AS (
  SELECT
    site, event_id, visitor_id, session_id, event_at, event_date, utm_source, click_network,
    CASE
      WHEN json_extract_scalar(properties, '$.ga_session_id') IS NOT NULL THEN 'google'
      WHEN json_extract_scalar(properties, '$.sid') IS NOT NULL THEN 'snowplow'
      WHEN json_extract_scalar(properties, '$.session_id') IS NOT NULL THEN 'rudderstack'
      ELSE 'none'
    END AS client,
    coalesce(
      json_extract_scalar(properties, '$.ga_session_id'),
      json_extract_scalar(properties, '$.sid'),
      json_extract_scalar(properties, '$.session_id')
    ) AS their_id
  FROM events
),
parts AS (
  SELECT
    site, client, visitor_id, their_id, session_id,
    count(*) AS events,
    min(event_at) AS first_at,
    max(event_at) AS last_at,
    min(event_date) AS first_date,
    max(CASE WHEN utm_source IS NOT NULL OR click_network IS NOT NULL THEN 1 ELSE 0 END) AS has_campaign
  FROM named
  WHERE their_id IS NOT NULL
  GROUP BY site, client, visitor_id, their_id, session_id
),
sized AS (
  SELECT site, session_id, count(*) AS events
  FROM named
  GROUP BY site, session_id
),
compared AS (
  SELECT
    parts.*,
    sized.events AS events_of_ours,
    count(*) OVER (PARTITION BY parts.site, parts.client, parts.visitor_id, parts.their_id) AS ours_in_theirs,
    lag(parts.last_at) OVER (
      PARTITION BY parts.site, parts.client, parts.visitor_id, parts.their_id ORDER BY parts.first_at, parts.session_id
    ) AS ended_before,
    lag(parts.first_date) OVER (
      PARTITION BY parts.site, parts.session_id ORDER BY parts.first_at, parts.their_id
    ) AS joined_to_date
  FROM parts
  INNER JOIN sized ON sized.site = parts.site AND sized.session_id = parts.session_id
)
SELECT
  site,
  client,
  first_date AS event_date,
  count(DISTINCT concat(visitor_id, '/', their_id)) AS their_sessions,
  count(DISTINCT session_id) AS our_sessions,
  sum(CASE WHEN ours_in_theirs = 1 AND events = events_of_ours THEN 1 ELSE 0 END) AS equal_sessions,
  sum(CASE WHEN date_diff('minute', ended_before, first_at) >= 30 THEN 1 ELSE 0 END) AS split_at_pause,
  sum(CASE WHEN date_diff('minute', ended_before, first_at) < 30 THEN 1 ELSE 0 END) AS split_otherwise,
  sum(CASE WHEN joined_to_date IS NOT NULL AND has_campaign = 1 THEN 1 ELSE 0 END) AS joined_at_campaign,
  sum(
    CASE WHEN has_campaign = 0 AND joined_to_date <> first_date THEN 1 ELSE 0 END
  ) AS joined_at_midnight,
  sum(
    CASE WHEN has_campaign = 0 AND joined_to_date = first_date THEN 1 ELSE 0 END
  ) AS joined_otherwise
FROM compared
GROUP BY site, client, first_date
ORDER BY site, event_date, client
