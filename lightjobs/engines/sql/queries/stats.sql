-- How many jobs each queue has in each status; 'delayed' counts the new ones that are not due.
-- Returns queue, status, count. Each part reads one partial index.
SELECT queue, 'new', count(*) FROM {jobs} WHERE status = 'new' GROUP BY queue
UNION ALL
SELECT queue, 'delayed', count(*) FROM {jobs}
WHERE status = 'new' AND (scheduled_at, scheduled_us) > ({now}, {us}) GROUP BY queue
UNION ALL
SELECT queue, 'queued', count(*) FROM {jobs} WHERE status = 'queued' GROUP BY queue
UNION ALL
SELECT queue, status, count(*) FROM {jobs}
WHERE status NOT IN ('new', 'queued') GROUP BY queue, status
