-- Store a batch, which has no jobs yet. One that is there stays as it is.
-- :batch JSON [id, name, parent or null, allow_failures 0 or 1, callbacks].
INSERT INTO {job_batches} (id, name, parent, allow_failures, callbacks, total, created_at)
SELECT json_extract(:batch, '$[0]'), json_extract(:batch, '$[1]'), json_extract(:batch, '$[2]'), json_extract(:batch, '$[3]'),
  json_extract(:batch, '$[4]'), -1, {unix} WHERE true
ON CONFLICT (id) DO NOTHING
