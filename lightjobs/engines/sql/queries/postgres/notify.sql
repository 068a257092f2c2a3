-- Tell those who wait that these queues have new jobs that are due.
-- :queues, a JSON array: ASCII, whatever the session's encoding is.
SELECT pg_notify('lightjobs', queue) FROM json_array_elements_text(CAST(:queues AS json)) AS queue
