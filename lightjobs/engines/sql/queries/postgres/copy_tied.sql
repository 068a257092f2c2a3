-- Store many jobs that are tied to others, sent in COPY's text format. Their ids come from reserve.sql.
COPY {jobs} (id, handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at,
  unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id) FROM STDIN (ENCODING 'UTF8')
