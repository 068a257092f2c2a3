-- What is stored about entries of the schedule, locked until the transaction ends.
-- :names, a list of entries. Returns the fields of slots.sql; whether the job completed and the template
-- are left out.
-- Not joined with a JSON_TABLE: MySQL refuses to lock one. ORDER BY, and the index with it: two schedulers that lock in
-- two orders end in a deadlock.
SELECT entry, due, job_id, job_due, paused, FALSE, next, NULL FROM {job_slots} FORCE INDEX (PRIMARY)
WHERE entry IN :names
ORDER BY entry FOR UPDATE
