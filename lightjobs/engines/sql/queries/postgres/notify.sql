-- Tell idle workers that these queues have new due jobs.
-- :queues, a JSON array in ASCII, which every encoding of a session can carry.
SELECT pg_notify('lightjobs', queue) FROM json_array_elements_text(CAST(:queues AS json)) AS queue
