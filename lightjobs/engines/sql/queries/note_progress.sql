-- Keep how far a job has come.
-- :id :fence :worker; :progress JSON. Touches no row when the run has not the job any more. IS TRUE keeps planners to the
-- primary key.
UPDATE {jobs} SET progress = :progress WHERE id = :id AND (fence = :fence AND worker = :worker AND status = 'queued') IS TRUE
