-- How far sessions of people come, per day, channel and device. Closed: a session counts at a step when it did this
-- step and all before it, in whatever order within the session.
WITH reached AS (
  SELECT
    site,
    session_date,
    channel,
    device_class,
    CASE
      WHEN item_views = 0 THEN 1
      WHEN cart_adds = 0 THEN 2
      WHEN checkouts = 0 THEN 3
      WHEN payments = 0 THEN 4
      WHEN orders = 0 THEN 5
      ELSE 6
    END AS last_step
  FROM sessions
  WHERE NOT is_bot
)
SELECT
  reached.site,
  reached.session_date,
  reached.channel,
  reached.device_class,
  steps.step_number,
  steps.step,
  count_if(reached.last_step >= steps.step_number) AS sessions
FROM reached
CROSS JOIN (
  VALUES
    (1, 'session'),
    (2, 'view_item'),
    (3, 'add_to_cart'),
    (4, 'begin_checkout'),
    (5, 'add_payment_info'),
    (6, 'purchase')
) AS steps (step_number, step)
GROUP BY
  reached.site,
  reached.session_date,
  reached.channel,
  reached.device_class,
  steps.step_number,
  steps.step
