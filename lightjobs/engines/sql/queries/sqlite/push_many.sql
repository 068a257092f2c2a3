-- Store many jobs.
-- :jobs JSON [[handler, queue, payload, scheduled_at as text or null for now, scheduled_us, priority, options], ...].
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), 'new', 0,
  COALESCE(json_extract(value, '$[3]'), {now}), json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), {now}
FROM json_each(:jobs)
