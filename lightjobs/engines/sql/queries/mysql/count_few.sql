-- How many jobs fit the filters, but at most :most.
-- {where}: the status and the queue, if any.
SELECT count(*) FROM (SELECT 1 FROM {jobs} WHERE {where} LIMIT :most) AS found
