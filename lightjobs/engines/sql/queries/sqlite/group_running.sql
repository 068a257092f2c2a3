-- How many jobs of some groups run.
-- :queue; :groups, a JSON list of names. Returns name, count.
SELECT value, (SELECT count(*) FROM {jobs} WHERE status = 'queued' AND queue = :queue AND group_key = asked.value)
FROM json_each(:groups) AS asked
