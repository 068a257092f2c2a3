-- Store a job.
-- :handler :queue :payload; :scheduled_at, text, or null for now; :scheduled_us; :priority :options.
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at)
VALUES (:handler, :queue, :payload, 'new', 0, COALESCE(:scheduled_at, {now}), :scheduled_us, :priority, :options, {now})
