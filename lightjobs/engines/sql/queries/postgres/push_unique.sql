-- Take the key of a job, if it has no row already, and only then store the job and, if it is due, tell idle workers.
-- The parameters of push_tied.sql.
-- Returns its id, or nothing if the key has a row.
WITH taken AS (
  INSERT INTO {job_keys} (name, job_id, scope, until)
  VALUES (CAST(:unique_key AS text), nextval(CAST(pg_get_serial_sequence('{jobs}', 'id') AS regclass)), CAST(:unique_scope AS text),
    {unix} + CAST(:unique_seconds AS double precision))
  ON CONFLICT (name) DO NOTHING
  RETURNING name, job_id, scope
)
INSERT INTO {jobs} (id, handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at,
  unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
SELECT job_id, CAST(:handler AS text), CAST(:queue AS text), CAST(:payload AS text), 'new', 0, COALESCE(CAST(:scheduled_at AS timestamp), {now}),
  CAST(:scheduled_us AS integer), CAST(:priority AS integer), CAST(:options AS text), {now},
  name, scope, CAST(:unique_seconds AS double precision), CAST(:group_key AS text), CAST(:group_limit AS integer), CAST(:batch_id AS text)
FROM taken
RETURNING id, CASE WHEN (scheduled_at, scheduled_us) <= ({now}, {us}) THEN CAST(pg_notify('lightjobs', queue) AS text) END
