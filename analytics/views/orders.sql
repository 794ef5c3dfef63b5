-- Every order once. A thank-you page that is opened again sends a second purchase event with the same transaction
-- id: the first one counts. A purchase without a transaction id is an order of its own.
SELECT *
FROM (
  SELECT
    events.*,
    coalesce(transaction_id, event_id) AS order_id,
    row_number() OVER (
      PARTITION BY site, coalesce(transaction_id, event_id)
      ORDER BY event_at, raw_sequence, session_event_index, event_id
    ) AS repeat_number
  FROM events
  WHERE event_name = 'purchase'
) AS purchases
WHERE repeat_number = 1
