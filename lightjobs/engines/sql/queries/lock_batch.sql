-- Lock a batch until the transaction ends.
-- :id. Returns total (-1 until its jobs are stored), ended_at, cancelled_at, parent, outcome, callbacks; no row: it is not known.
SELECT total, ended_at, cancelled_at, parent, outcome, callbacks FROM {job_batches} WHERE id = :id {lock}
