-- Store a job that is tied to others and, if it is due, tell idle workers.
-- :handler :queue :payload; :scheduled_at, text, or null for now; :scheduled_us; :priority :options.
-- :unique_key :unique_scope :unique_seconds :group_key :group_limit :batch_id, each of which may be null.
-- Returns its id.
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at,
  unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
VALUES (:handler, :queue, :payload, 'new', 0, COALESCE(CAST(:scheduled_at AS timestamp), {now}), :scheduled_us, :priority, :options, {now},
  :unique_key, :unique_scope, :unique_seconds, :group_key, :group_limit, :batch_id)
RETURNING id, CASE WHEN (scheduled_at, scheduled_us) <= ({now}, {us}) THEN CAST(pg_notify('lightjobs', queue) AS text) END
