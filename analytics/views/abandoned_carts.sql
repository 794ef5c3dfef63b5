-- One row per cart that was left behind, its newest revision, and what became of it: open, recovered (bought after) or
-- retracted (it had been bought in time, which was heard late). A row delivered twice counts once.
WITH announced AS (
  SELECT
    cart_events.*,
    row_number() OVER (PARTITION BY site, cart_id, event_name ORDER BY revision DESC, row_id) AS row_rank
  FROM cart_events
),
answers AS (
  SELECT site, cart_id, event_name, event_at, transaction_id, value, currency
  FROM announced
  WHERE row_rank = 1 AND event_name <> 'cart_abandoned'
)
SELECT
  announced.site,
  announced.visitor_id,
  announced.user_id,
  announced.cart_id,
  announced.revision,
  announced.event_at AS abandoned_at,
  announced.items,
  announced.items_quantity,
  announced.value,
  announced.currency,
  announced.last_event_at,
  announced.last_page_path,
  coalesce(substr(answers.event_name, 6), 'open') AS outcome,
  answers.event_at AS answered_at,
  answers.transaction_id,
  answers.value AS order_value,
  answers.currency AS order_currency
FROM announced
LEFT JOIN answers ON answers.site = announced.site AND answers.cart_id = announced.cart_id
WHERE announced.row_rank = 1 AND announced.event_name = 'cart_abandoned'
