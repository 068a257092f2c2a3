-- Store many jobs that are tied to others and, if any are due, tell idle workers: one statement for any driver and any session.
-- :jobs JSON [[handler, queue, payload, scheduled_at as text or null for now, scheduled_us, priority, options,
-- unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id], ...],
-- its UTF-8 in base64: a session or a database may have any encoding.
-- Returns their ids in order.
WITH pushed AS (
  INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at,
    unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
  SELECT job ->> 0, job ->> 1, job ->> 2, 'new', 0, COALESCE(CAST(job ->> 3 AS timestamp), {now}),
    CAST(job ->> 4 AS integer), CAST(job ->> 5 AS integer), job ->> 6, {now},
    job ->> 7, job ->> 8, CAST(job ->> 9 AS double precision), job ->> 10, CAST(job ->> 11 AS integer), job ->> 12
  FROM json_array_elements(CAST(convert_from(decode(CAST(:jobs AS text), 'base64'), 'UTF8') AS json))
    WITH ORDINALITY AS given (job, number)
  ORDER BY number
  RETURNING id, queue, (scheduled_at, scheduled_us) <= ({now}, {us}) AS due
)
SELECT id, CASE WHEN due THEN CAST(pg_notify('lightjobs', queue) AS text) END FROM pushed ORDER BY id
