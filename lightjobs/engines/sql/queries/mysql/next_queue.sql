-- The next queue, by name, that has jobs, in any status: one look at an index.
-- :after, a name. Returns null when there is none.
SELECT min(queue) FROM {jobs} WHERE queue > :after
