-- Claim the first due jobs of several queues.
-- :worker; :queues and :priorities, arrays of equal length in the order to serve; :limit. {where}: nothing,
-- or {skip} with :skip, an array of handlers.
-- Claims nothing while jobs of groups wait in one of the queues: then groups take turns, see group_heads.sql.
-- Returns the fields of a Claim but `waited`; scheduled_at, scheduled_us, id, and the places of queue and priority, by
-- which claims are ordered; and, in one of the rows, the time in unix seconds. No rows: nothing is due, or the worker is not registered.
-- The worker's row is locked against a recovery, which must not miss what is being claimed; but only once something is
-- due, because a lock is a write, and waits for the disk.
-- A claim does wait for the disk: if a crash undid one, its fence would be given out twice.
-- The two LIMITs lock no row too many: the outer one stops the inner ones.
-- The due jobs are not joined with the table: if the last vacuum saw a nearly empty one, the planner
-- reads the whole table, and all due jobs again for each of its rows (9 s for 6,000). With a list of
-- ids it can use the primary key only.
WITH grouped AS MATERIALIZED (
  SELECT any_job.id
  FROM unnest(CAST(:queues AS text[]), CAST(:priorities AS integer[])) AS place (queue, priority)
  CROSS JOIN LATERAL (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE AND queue = place.queue
    ORDER BY priority DESC, scheduled_at, scheduled_us, id
    LIMIT 1
  ) AS any_job
  WHERE place.priority = 0
  LIMIT 1
), due AS MATERIALIZED (
  SELECT first.id
  FROM unnest(CAST(:queues AS text[]), CAST(:priorities AS integer[])) AS place (queue, priority)
  CROSS JOIN LATERAL (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = place.queue AND priority = place.priority AND group_key IS NULL
      AND (scheduled_at, scheduled_us) <= ({now}, {us})
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
  ) AS first
  WHERE NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = place.queue)
    AND NOT EXISTS (SELECT 1 FROM grouped)
  LIMIT :limit
), me AS MATERIALIZED (
  SELECT id FROM {job_workers} WHERE id = :worker AND EXISTS (SELECT 1 FROM due) FOR KEY SHARE
)
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id = ANY (ARRAY (SELECT due.id FROM me CROSS JOIN due))
RETURNING {claim}, scheduled_at, scheduled_us, id,
  array_position(CAST(:queues AS text[]), CAST(queue AS text)), -priority,
  CASE WHEN id = (SELECT due.id FROM due LIMIT 1) THEN date_part('epoch', now()) END
