-- Sessions and orders per day, device, browser and operating system, people and bots. Money is in the view revenue.
SELECT
  site,
  session_date,
  device_class,
  coalesce(browser_name, 'unknown') AS browser_name,
  coalesce(os_name, 'unknown') AS os_name,
  is_bot,
  coalesce(bot_name, CASE WHEN is_bot THEN 'unnamed' ELSE 'none' END) AS bot_name,
  count(*) AS sessions,
  count(DISTINCT visitor_id) AS visitors,
  sum(events) AS events,
  sum(orders) AS orders
FROM sessions
GROUP BY
  site,
  session_date,
  device_class,
  coalesce(browser_name, 'unknown'),
  coalesce(os_name, 'unknown'),
  is_bot,
  coalesce(bot_name, CASE WHEN is_bot THEN 'unnamed' ELSE 'none' END)
