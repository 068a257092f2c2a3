-- Lock jobs that group_heads.sql has found, by their ids, and skip those that others have locked or claimed since.
-- :ids. Returns what group_jobs.sql does, then the group. By primary key: see claimed.sql.
SELECT CAST(id AS CHAR), {next_fence}, handler, queue, payload, {next_attempts}, recoveries, created_at, options,
  {waited}, group_limit, group_key
FROM {jobs} FORCE INDEX (PRIMARY)
WHERE id IN :ids AND status = 'new' AND scheduled_at <= {now} AND (scheduled_at < {now} OR scheduled_us <= {us})
FOR UPDATE SKIP LOCKED
