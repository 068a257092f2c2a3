-- Tell those who wait that these queues have new jobs that are due.
-- :queues, an array.
SELECT pg_notify('lightjobs', queue) FROM unnest(CAST(:queues AS text[])) AS queue
