-- Tell idle workers that these queues have new due jobs.
-- :queues, JSON [UTF-8 as hexadecimal digits, ...]: a session or a database may have any encoding.
SELECT pg_notify('lightjobs', convert_from(decode(queue, 'hex'), 'UTF8')) FROM json_array_elements_text(CAST(:queues AS json)) AS queue
