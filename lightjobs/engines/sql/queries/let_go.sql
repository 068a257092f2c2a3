-- Remove a worker's name from a job that ended without it: it was cancelled while running, or PHP ended it.
-- :id :worker. The worker knows that now. IS TRUE keeps planners to the primary key.
UPDATE {jobs} SET worker = NULL WHERE id = :id AND (worker = :worker AND status <> 'queued') IS TRUE
