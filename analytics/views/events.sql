-- Every event once. Of the copies of an event (the same event_id at the same site) the one with the smallest
-- raw_sequence is kept, so a repeated request, a replay and a re-run of the consumer change nothing here, nor does a
-- visitor whose id changed between two attempts. session_id follows merges: it names the surviving session;
-- written_session_id is what the row was written with. An event whose time could not be enriched has the day of
-- event_at, UTC. Rows named session_merge are not events.
-- The line in braces stands for every other column of the contract (schemas/enriched.columns.json), so that a new
-- enrichment needs no change here.
WITH ranked AS (
  SELECT
    enriched.*,
    row_number() OVER (PARTITION BY site, event_id ORDER BY raw_sequence) AS copy_number
  FROM enriched
  WHERE event_name <> 'session_merge'
),
merges AS (
  SELECT site, visitor_id, map_agg(merged_session_id, session_id) AS merged_into
  FROM (
    -- one survivor of each absorbed session, whatever was written
    SELECT site, visitor_id, merged_session_id, min(session_id) AS session_id
    FROM enriched
    WHERE event_name = 'session_merge' AND merged_session_id IS NOT NULL AND session_id IS NOT NULL
    GROUP BY site, visitor_id, merged_session_id
  ) AS merge_rows
  GROUP BY site, visitor_id
)
SELECT
  {ranked.columns},
  -- A survivor may itself be merged later: as many steps as there are merges reach the end of every chain.
  coalesce(
    reduce(
      map_keys(merges.merged_into),
      ranked.session_id,
      (id, step) -> coalesce(element_at(merges.merged_into, id), id),
      id -> id
    ),
    ranked.session_id
  ) AS session_id,
  ranked.session_id AS written_session_id,
  coalesce(ranked.event_date, CAST(ranked.event_at AS date)) AS event_date,
  ranked.dt,
  ranked.hour
FROM ranked
LEFT JOIN merges ON merges.site = ranked.site AND merges.visitor_id = ranked.visitor_id
WHERE ranked.copy_number = 1
