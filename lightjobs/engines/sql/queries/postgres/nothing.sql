-- Why a claim has found nothing.
-- :worker; :queues, an array. Returns whether the worker is registered, without a lock, and whether jobs of groups wait.
SELECT EXISTS (SELECT 1 FROM {job_workers} WHERE id = :worker), EXISTS (
  SELECT 1 FROM unnest(CAST(:queues AS text[])) AS asked (queue)
  CROSS JOIN LATERAL (
    SELECT id FROM {jobs} WHERE status = 'new' AND (group_key IS NOT NULL) IS TRUE AND queue = asked.queue
    ORDER BY priority DESC, scheduled_at, scheduled_us, id LIMIT 1
  ) AS any_job
)
