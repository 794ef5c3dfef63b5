-- Per day and page: how often people began there, left from there, and how often a visit was no more than that.
SELECT
  site,
  session_date,
  page_path,
  sum(entries) AS entries,
  sum(bounces) AS bounces,
  sum(exits) AS exits
FROM (
  SELECT site, session_date, entry_path AS page_path, 1 AS entries, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounces, 0 AS exits
  FROM sessions
  WHERE NOT is_bot AND entry_path IS NOT NULL
  UNION ALL
  SELECT site, session_date, exit_path, 0, 0, 1
  FROM sessions
  WHERE NOT is_bot AND exit_path IS NOT NULL
) AS ends
GROUP BY site, session_date, page_path
