-- How many jobs of each group of a queue wait and run.
-- :queue. Returns the group, null for the jobs without one, the status, and the number.
SELECT group_key, 'new', count(*) FROM {jobs} WHERE status = 'new' AND queue = :queue GROUP BY group_key
UNION ALL
SELECT group_key, 'queued', count(*) FROM {jobs} WHERE status = 'queued' AND queue = :queue GROUP BY group_key
