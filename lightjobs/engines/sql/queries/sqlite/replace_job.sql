-- Give a waiting job, which is locked, what another one would have brought.
-- :job JSON [id, payload, scheduled_at as text or null for now, scheduled_us, priority].
UPDATE {jobs} SET payload = json_extract(:job, '$[1]'), scheduled_at = COALESCE(json_extract(:job, '$[2]'), {now}),
  scheduled_us = json_extract(:job, '$[3]'), priority = json_extract(:job, '$[4]')
WHERE id = json_extract(:job, '$[0]') AND +status IN ('new', 'paused')
