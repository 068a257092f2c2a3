-- Store one job.
-- :handler :queue :payload :scheduled_at :scheduled_us :priority :options :created_at
INSERT INTO jobs (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at)
VALUES (:handler, :queue, :payload, 'new', 0, :scheduled_at, :scheduled_us, :priority, :options, :created_at)
