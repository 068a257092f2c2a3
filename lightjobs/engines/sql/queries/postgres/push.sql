-- Store a job and, if it is due, tell idle workers.
-- :handler :queue :payload; :scheduled_at, text, or null for now; :scheduled_us; :priority :options.
-- Returns its id.
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at)
VALUES (:handler, :queue, :payload, 'new', 0, COALESCE(CAST(:scheduled_at AS timestamp), {now}), :scheduled_us, :priority, :options, {now})
RETURNING id, CASE WHEN (scheduled_at, scheduled_us) <= ({now}, {us}) THEN CAST(pg_notify('lightjobs', queue) AS text) END
