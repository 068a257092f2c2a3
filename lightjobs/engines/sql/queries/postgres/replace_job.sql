-- Give a waiting job, which is locked, what another one would have brought.
-- :job JSON [id, payload, scheduled_at as text or null for now, scheduled_us, priority], packed.
WITH given AS MATERIALIZED (
  SELECT CAST(convert_from(decode(CAST(:job AS text), 'base64'), 'UTF8') AS json) AS o
)
UPDATE {jobs} SET payload = (SELECT o ->> 1 FROM given),
  scheduled_at = COALESCE((SELECT CAST(o ->> 2 AS timestamp) FROM given), {now}),
  scheduled_us = (SELECT CAST(o ->> 3 AS integer) FROM given),
  priority = (SELECT CAST(o ->> 4 AS integer) FROM given)
WHERE id = (SELECT CAST(o ->> 0 AS bigint) FROM given) AND (status IN ('new', 'paused')) IS TRUE
