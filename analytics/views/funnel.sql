-- How far sessions of people come, per day, channel and device: a session counts at every step up to the furthest
-- one it reached. So a step that a shop does not send hides nothing behind it.
WITH reached AS (
  SELECT
    site,
    session_date,
    channel,
    device_class,
    CASE
      WHEN orders > 0 THEN 6
      WHEN payments > 0 THEN 5
      WHEN checkouts > 0 THEN 4
      WHEN cart_adds > 0 THEN 3
      WHEN item_views > 0 THEN 2
      ELSE 1
    END AS furthest_step
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
  count_if(reached.furthest_step >= steps.step_number) AS sessions
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
