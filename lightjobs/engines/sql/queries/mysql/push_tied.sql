-- Store a job that is tied to others; for many, the list of values is repeated.
-- :handler :queue :payload; :scheduled_at, text, or null for now; :scheduled_us; :priority :options.
-- :unique_key :unique_scope :unique_seconds :group_key :group_limit :batch_id, each of which may be null.
INSERT INTO {jobs} (handler, queue, payload, scheduled_at, scheduled_us, priority, options, created_at, status, attempts,
  unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
VALUES (:handler, :queue, :payload, COALESCE(:scheduled_at, {now}), :scheduled_us, :priority, :options, {now}, 'new', 0,
  :unique_key, :unique_scope, :unique_seconds, :group_key, :group_limit, :batch_id)
