-- Store many jobs that are tied to others.
-- :jobs JSON [[handler, queue, payload, scheduled_at as text or null for now, scheduled_us, priority, options,
-- unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id], ...].
INSERT INTO {jobs} (handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at,
  unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), 'new', 0,
  COALESCE(json_extract(value, '$[3]'), {now}), json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), {now},
  json_extract(value, '$[7]'), json_extract(value, '$[8]'), json_extract(value, '$[9]'), json_extract(value, '$[10]'), json_extract(value, '$[11]'), json_extract(value, '$[12]')
FROM json_each(:jobs)
