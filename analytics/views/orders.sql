-- Every order once, with what was refunded of it. A thank-you page that is opened again sends a second purchase event
-- with the same transaction id: the first one counts. A purchase without a transaction id is an order of its own.
-- value is what the purchase event said, gross_revenue the same or 0; refunded is the sum of the refund events with
-- its transaction id and its currency, at most the value, all of it where a refund names no amount; revenue is the
-- rest. All four are in currency. Orders of bots are here too, marked by is_bot.
WITH purchases AS (
  SELECT
    {events.columns},
    events.session_id,
    events.written_session_id,
    events.event_date,
    events.dt,
    events.hour,
    coalesce(events.transaction_id, events.event_id) AS order_id,
    row_number() OVER (
      PARTITION BY events.site, coalesce(events.transaction_id, events.event_id)
      ORDER BY events.event_at, events.raw_sequence, events.session_event_index, events.event_id
    ) AS repeat_number
  FROM events
  WHERE events.event_name = 'purchase'
),
refunded AS (
  SELECT
    purchases.site,
    purchases.order_id,
    CASE
      WHEN bool_or(refunds.value IS NULL) THEN max(purchases.value)
      WHEN sum(CASE WHEN coalesce(refunds.currency, '') = coalesce(purchases.currency, '') THEN refunds.value END)
        > max(purchases.value) THEN max(purchases.value)
      ELSE sum(CASE WHEN coalesce(refunds.currency, '') = coalesce(purchases.currency, '') THEN refunds.value END)
    END AS amount
  FROM purchases
  JOIN refunds ON refunds.site = purchases.site AND refunds.order_id = purchases.transaction_id
  WHERE purchases.repeat_number = 1
  GROUP BY purchases.site, purchases.order_id
)
SELECT
  {purchases.columns},
  purchases.session_id,
  purchases.written_session_id,
  purchases.event_date,
  purchases.dt,
  purchases.hour,
  purchases.order_id,
  coalesce(purchases.value, 0) AS gross_revenue,
  coalesce(refunded.amount, 0) AS refunded,
  coalesce(purchases.value, 0) - coalesce(refunded.amount, 0) AS revenue
FROM purchases
LEFT JOIN refunded ON refunded.site = purchases.site AND refunded.order_id = purchases.order_id
WHERE purchases.repeat_number = 1
