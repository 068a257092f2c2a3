-- The next queue, by name, that has jobs with a status: one look at an index.
-- :after, a name; {where}: the status. Returns null when there is none.
SELECT min(queue) FROM {jobs} WHERE {where} AND queue > :after
