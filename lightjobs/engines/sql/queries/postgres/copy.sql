-- Store many jobs, sent in COPY's text format. Their ids come from reserve.sql.
COPY {jobs} (id, handler, queue, payload, status, attempts, scheduled_at, scheduled_us, priority, options, created_at) FROM STDIN (ENCODING 'UTF8')
