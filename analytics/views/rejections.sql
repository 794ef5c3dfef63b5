-- Why events were refused, per site and day of arrival (dt, UTC).
SELECT
  coalesce(site, '(unknown)') AS site,
  dt,
  stage,
  reason,
  count(*) AS rejected,
  max(detail) AS example
FROM rejected
GROUP BY coalesce(site, '(unknown)'), dt, stage, reason
