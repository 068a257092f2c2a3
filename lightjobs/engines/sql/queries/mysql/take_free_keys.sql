-- Take the keys of new jobs, in the order of their names, and leave those that have a row already: how many are taken says
-- whether all were free.
-- :ids.
INSERT IGNORE INTO {job_keys} (name, job_id, scope, until)
SELECT unique_key, id, unique_scope, {unix} + unique_seconds FROM {jobs} FORCE INDEX (PRIMARY) WHERE {ids} ORDER BY unique_key
