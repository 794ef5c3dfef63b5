-- Whose each visit was, and by which rule; bots left out. An account is a person, and so is a visitor that belongs to none.
-- One row for each session, and for each account in it: the row is true from valid_from until before valid_to, null at
-- the session's end. Nothing is rewritten: the rows follow from identity_edges anew each time, and a join goes away with
-- its reason. Rules: signed_in (the account was signed in during the session: all of it, or from its sign-in to the next
-- account's), only_account (nobody was, and the visitor knows exactly one account, ever). No join: no_account (the
-- visitor knows none), several_accounts (it knows more, so nobody can tell whose visit it was), crowded_account (its one
-- account was at more than 20 visitors: a till, a call centre, a leaked password), separated (the operator keeps the two
-- apart), cookieless (takes part in nothing longer than its day).
WITH spans AS (
  SELECT
    sessions.site,
    sessions.visitor_id,
    sessions.session_id,
    account.user_id,
    row_number() OVER (
      PARTITION BY sessions.site, sessions.visitor_id, sessions.session_id
      ORDER BY account.first_at, account.last_at, account.user_id
    ) AS span_number,
    account.first_at,
    lead(account.first_at) OVER (
      PARTITION BY sessions.site, sessions.visitor_id, sessions.session_id
      ORDER BY account.first_at, account.last_at, account.user_id
    ) AS next_at
  FROM sessions
  CROSS JOIN UNNEST(sessions.accounts) AS t (account)
  WHERE NOT sessions.is_bot AND sessions.visitor_kind = 'cookie'
),
known AS (
  SELECT
    site,
    visitor_id,
    max(user_id) AS user_id,
    max(accounts_of_visitor) AS accounts,
    max(visitors_of_account) AS visitors,
    bool_or(is_separated) AS is_separated
  FROM identity_edges
  GROUP BY site, visitor_id
),
explained AS (
  SELECT
    sessions.site,
    sessions.visitor_id,
    sessions.session_id,
    sessions.session_date,
    CASE WHEN spans.span_number > 1 THEN spans.first_at ELSE sessions.started_at END AS valid_from,
    spans.next_at AS valid_to,
    CASE
      WHEN coalesce(sessions.visitor_kind, '') <> 'cookie' THEN 'cookieless'
      WHEN spans.user_id IS NOT NULL AND edges.is_separated THEN 'separated'
      WHEN spans.user_id IS NOT NULL THEN 'signed_in'
      WHEN known.accounts IS NULL THEN 'no_account'
      WHEN known.accounts > 1 THEN 'several_accounts'
      WHEN known.is_separated THEN 'separated'
      WHEN known.visitors > 20 THEN 'crowded_account'
      ELSE 'only_account'
    END AS rule,
    coalesce(spans.user_id, known.user_id) AS candidate
  FROM sessions
  LEFT JOIN spans
    ON spans.site = sessions.site
    AND spans.visitor_id = sessions.visitor_id
    AND spans.session_id = sessions.session_id
  LEFT JOIN identity_edges AS edges
    ON edges.site = spans.site AND edges.visitor_id = spans.visitor_id AND edges.user_id = spans.user_id
  LEFT JOIN known ON known.site = sessions.site AND known.visitor_id = sessions.visitor_id
  WHERE NOT sessions.is_bot
)
SELECT
  site,
  CASE WHEN rule IN ('signed_in', 'only_account') THEN 'user:' || candidate ELSE 'visitor:' || visitor_id END AS person_id,
  visitor_id,
  CASE WHEN rule IN ('signed_in', 'only_account') THEN candidate END AS user_id,
  session_id,
  session_date,
  valid_from,
  valid_to,
  rule
FROM explained
