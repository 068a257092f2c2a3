-- Store a job; for many, the list of values is repeated.
-- :handler :queue :payload; :scheduled_at, text, or null for now; :scheduled_us; :priority :options.
INSERT INTO {jobs} (handler, queue, payload, scheduled_at, scheduled_us, priority, options, created_at, status, attempts)
VALUES (:handler, :queue, :payload, COALESCE(:scheduled_at, {now}), :scheduled_us, :priority, :options, {now}, 'new', 0)
