-- From which page people go to which, for the first ten pages of a visit. next_path is (exit) after the last page.
-- A page that is loaded again right after itself counts once. A visit over midnight is a way on each of its days, so
-- that a question for one day reads one day.
WITH views AS (
  SELECT
    site,
    visitor_id,
    session_id,
    event_date,
    event_at,
    raw_sequence,
    session_event_index,
    event_id,
    page_path,
    lag(page_path) OVER (
      PARTITION BY site, visitor_id, session_id, event_date
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS path_before
  FROM events
  WHERE event_name = 'page_view' AND NOT coalesce(is_bot, false) AND page_path IS NOT NULL
),
steps AS (
  SELECT
    site,
    event_date,
    page_path,
    row_number() OVER (
      PARTITION BY site, visitor_id, session_id, event_date
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS step_number,
    lead(page_path) OVER (
      PARTITION BY site, visitor_id, session_id, event_date
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS path_after
  FROM views
  WHERE path_before IS NULL OR path_before <> page_path
)
SELECT
  site,
  event_date,
  step_number,
  page_path,
  coalesce(path_after, '(exit)') AS next_path,
  count(*) AS steps
FROM steps
WHERE step_number <= 10
GROUP BY site, event_date, step_number, page_path, coalesce(path_after, '(exit)')
