-- Add the entries of the schedule that are not known yet.
-- :entries JSON [entry, ...]; :due, unix seconds: slots up to then do not count as missed.
INSERT INTO {job_slots} (entry, due)
SELECT entry, CAST(:due AS double precision) FROM json_array_elements_text(CAST(:entries AS json)) AS entry ORDER BY entry COLLATE "C"
ON CONFLICT (entry) DO NOTHING
