-- How many jobs each queue has in each status; 'delayed' counts the new ones that are not due.
-- Returns queue, status, count.
SELECT queue, status, count(*) FROM {jobs} GROUP BY queue, status
UNION ALL
SELECT queue, 'delayed', count(*) FROM {jobs}
WHERE status = 'new' AND (scheduled_at > {now} OR (scheduled_at = {now} AND scheduled_us > {us})) GROUP BY queue
