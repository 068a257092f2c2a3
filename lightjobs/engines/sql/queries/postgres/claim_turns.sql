-- Claim jobs of a queue and priority where groups take turns: the first of several with a due job.
-- :worker; :limit; and, for each queue and priority in the order to serve, arrays of equal length: :queues; :priorities; :afters,
-- the group that was served last, "" for the jobs without one, null for none yet; :most, how many groups are looked for, and
-- :fewer, how many of them are served if there are as many. {where}: nothing, or {skip} with :skip.
-- Each group gives as many jobs as make up :limit. Claims nothing where a group has a limit: then others have to be kept from
-- claiming, and what they claim has to be counted by a later statement.
-- Returns the fields of a Claim but `waited`; scheduled_at, scheduled_us, id, group_key; and in one of the rows, as text: the number of
-- the queue and priority, how many groups were found, 1 or 0 for whether jobs of groups are due anywhere, and the time in unix
-- seconds. No rows also if the worker is not registered.
-- For the look at the places see group_places.sql, for the steps in the index group_heads.sql, for the locks claim.sql.
WITH RECURSIVE place AS MATERIALIZED (
  SELECT place.*, found.grouped, found.plain
  FROM unnest(CAST(:queues AS text[]), CAST(:priorities AS integer[]), CAST(:afters AS text[]), CAST(:most AS integer[]),
    CAST(:fewer AS integer[])) WITH ORDINALITY AS place (queue, priority, after, most, fewer, number)
  CROSS JOIN LATERAL (
    SELECT (
      SELECT id FROM {jobs}
      WHERE status = 'new' AND queue = place.queue AND priority = place.priority AND (group_key IS NOT NULL) IS TRUE
        AND (scheduled_at, scheduled_us) <= ({now}, {us})
      ORDER BY scheduled_at, scheduled_us, id LIMIT 1
    ) IS NOT NULL AS grouped, (
      SELECT id FROM {jobs}
      WHERE status = 'new' AND queue = place.queue AND priority = place.priority AND group_key IS NULL
        AND (scheduled_at, scheduled_us) <= ({now}, {us})
      ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
    ) IS NOT NULL AS plain
    OFFSET 0
  ) AS found
  WHERE (found.grouped OR found.plain)
    AND NOT EXISTS (SELECT 1 FROM {job_paused} AS job_paused WHERE job_paused.queue = place.queue)
), here AS MATERIALIZED (
  SELECT * FROM place ORDER BY number LIMIT 1
), behind (name, is_due) AS (
  SELECT next.* FROM here CROSS JOIN LATERAL (
    SELECT group_key, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key > COALESCE(here.after, '')
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) AS next WHERE here.grouped
  UNION ALL
  SELECT next.* FROM behind CROSS JOIN here CROSS JOIN LATERAL (
    SELECT group_key, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key > behind.name
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) AS next
), before (name, is_due) AS (
  SELECT next.* FROM here CROSS JOIN LATERAL (
    SELECT group_key, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key > ''
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) AS next WHERE here.grouped AND here.after > ''
  UNION ALL
  SELECT next.* FROM before CROSS JOIN here CROSS JOIN LATERAL (
    SELECT group_key, (scheduled_at, scheduled_us) <= ({now}, {us}) FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key > before.name
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id LIMIT 1
  ) AS next
  WHERE before.name < here.after COLLATE "C"
), circle AS MATERIALIZED (
  SELECT found.name, row_number() OVER () AS turn FROM (
    SELECT NULL AS name FROM here WHERE plain AND after IS NULL
    UNION ALL SELECT name FROM behind WHERE is_due
    UNION ALL SELECT NULL FROM here WHERE plain AND after IS NOT NULL
    UNION ALL SELECT name FROM before WHERE is_due AND name <= (SELECT after COLLATE "C" FROM here)
    LIMIT (SELECT most FROM here)
  ) AS found
), size AS MATERIALIZED (
  SELECT found, CASE WHEN found < here.most THEN found ELSE LEAST(found, here.fewer) END AS served
  FROM here CROSS JOIN (SELECT count(*) AS found FROM circle) AS counted
), due AS MATERIALIZED (
  SELECT job.id, job.group_limit FROM circle CROSS JOIN here CROSS JOIN size CROSS JOIN LATERAL (
    SELECT id, group_limit FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key = circle.name
      AND (scheduled_at, scheduled_us) <= ({now}, {us})
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id
    LIMIT :limit / size.served + CASE WHEN circle.turn <= :limit % size.served THEN 1 ELSE 0 END
    FOR UPDATE SKIP LOCKED
  ) AS job
  WHERE circle.name IS NOT NULL AND circle.turn <= size.served
), plain AS MATERIALIZED (
  SELECT job.id FROM circle CROSS JOIN here CROSS JOIN size CROSS JOIN LATERAL (
    SELECT id FROM {jobs}
    WHERE status = 'new' AND queue = here.queue AND priority = here.priority AND group_key IS NULL
      AND (scheduled_at, scheduled_us) <= ({now}, {us})
      {where}
    ORDER BY group_key, scheduled_at, scheduled_us, id
    LIMIT :limit / size.served + CASE WHEN circle.turn <= :limit % size.served THEN 1 ELSE 0 END
    FOR UPDATE SKIP LOCKED
  ) AS job
  WHERE circle.name IS NULL AND circle.turn <= size.served
), mine AS MATERIALIZED (
  SELECT id FROM due UNION ALL SELECT id FROM plain
), me AS MATERIALIZED (
  SELECT id FROM {job_workers} WHERE id = :worker AND EXISTS (SELECT 1 FROM mine)
    AND NOT EXISTS (SELECT 1 FROM due WHERE group_limit IS NOT NULL) FOR KEY SHARE
)
UPDATE {jobs}
SET status = 'queued', worker = :worker, attempts = {next_attempts}, fence = {next_fence}
WHERE id = ANY (ARRAY (SELECT mine.id FROM me CROSS JOIN mine))
RETURNING {claim}, scheduled_at, scheduled_us, id, group_key, CASE WHEN id = (SELECT mine.id FROM mine LIMIT 1) THEN (
  SELECT concat_ws(' ', here.number, size.found, (SELECT max(CAST(grouped AS integer)) FROM place), date_part('epoch', now()))
  FROM here CROSS JOIN size
) END
