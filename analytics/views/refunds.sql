-- Every refund that names its order, once. value is null where it gives no amount: then it is the whole order.
SELECT
  site,
  transaction_id AS order_id,
  event_id,
  visitor_id,
  raw_sequence,
  event_at,
  event_date,
  currency,
  value,
  items,
  dt,
  hour
FROM events
WHERE event_name = 'refund' AND transaction_id IS NOT NULL
