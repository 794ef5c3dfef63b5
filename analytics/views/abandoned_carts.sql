-- One row per cart that was left behind, its newest revision, and what became of it: open, recovered (bought after) or
-- retracted (it had been bought in time, which was heard late). A row delivered twice counts once.
WITH told AS (
  SELECT
    cart_events.*,
    row_number() OVER (PARTITION BY site, cart_id, event_name ORDER BY revision DESC, row_id) AS place
  FROM cart_events
),
answers AS (
  SELECT site, cart_id, event_name, event_at, transaction_id, value, currency
  FROM told
  WHERE place = 1 AND event_name <> 'cart_abandoned'
)
SELECT
  told.site,
  told.visitor_id,
  told.user_id,
  told.cart_id,
  told.revision,
  told.event_at AS abandoned_at,
  told.items,
  told.items_quantity,
  told.value,
  told.currency,
  told.last_event_at,
  told.last_page_path,
  coalesce(substr(answers.event_name, 6), 'open') AS outcome,
  answers.event_at AS answered_at,
  answers.transaction_id,
  answers.value AS order_value,
  answers.currency AS order_currency
FROM told
LEFT JOIN answers ON answers.site = told.site AND answers.cart_id = told.cart_id
WHERE told.place = 1 AND told.event_name = 'cart_abandoned'
