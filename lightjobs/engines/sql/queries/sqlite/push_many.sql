-- Store many jobs.
-- The parameters of push.sql, for what is the same in all jobs; :jobs JSON [[value, ...], ...], what differs, and for each
-- parameter another one, :in_..., the path to its value there, or null: to take a value out of JSON takes longer than to store it.
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at)
SELECT
  CASE WHEN :in_handler IS NULL THEN :handler ELSE json_extract(value, :in_handler) END,
  CASE WHEN :in_queue IS NULL THEN :queue ELSE json_extract(value, :in_queue) END,
  CASE WHEN :in_payload IS NULL THEN :payload ELSE json_extract(value, :in_payload) END,
  'new', 0,
  COALESCE(CASE WHEN :in_scheduled_at IS NULL THEN :scheduled_at ELSE json_extract(value, :in_scheduled_at) END, {now}),
  CASE WHEN :in_scheduled_us IS NULL THEN :scheduled_us ELSE json_extract(value, :in_scheduled_us) END,
  CASE WHEN :in_priority IS NULL THEN :priority ELSE json_extract(value, :in_priority) END,
  CASE WHEN :in_options IS NULL THEN :options ELSE json_extract(value, :in_options) END,
  {now}
FROM json_each(:jobs)
