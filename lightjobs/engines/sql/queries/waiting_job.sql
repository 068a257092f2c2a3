-- Lock a job if it waits. One that another transaction has locked is being claimed or changed: it counts as not waiting.
-- :id. Returns its id. IS TRUE keeps planners to the primary key.
SELECT id FROM {jobs} WHERE id = :id AND (status IN ('new', 'paused')) IS TRUE {change}
