-- How many jobs fit the filters, but at most :most.
-- {where}: the status and the queue, if any. Through queue_index it would read all jobs of the queue: see browse_few_ended.sql.
SELECT count(*) FROM (SELECT 1 FROM {jobs} IGNORE INDEX (queue_index) WHERE {where} LIMIT :most) AS found
