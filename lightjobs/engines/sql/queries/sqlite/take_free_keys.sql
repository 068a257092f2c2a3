-- Take the keys of new jobs, and leave those that have a row already: how many are taken says whether all were free.
-- :first and :last, the ids of the jobs.
INSERT INTO {job_keys} (name, job_id, scope, until)
SELECT unique_key, id, unique_scope, {unix} + unique_seconds FROM {jobs} WHERE id BETWEEN :first AND :last
ON CONFLICT (name) DO NOTHING
