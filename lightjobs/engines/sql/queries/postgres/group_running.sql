-- How many jobs of some groups run.
-- :queue; :groups, an array of names. Returns name, count.
SELECT name, (SELECT count(*) FROM {jobs} WHERE status LIKE 'queued' AND queue = :queue AND group_key = asked.name)
FROM unnest(CAST(:groups AS text[])) AS asked (name)
