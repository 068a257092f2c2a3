-- Make entries of the schedule known that are not.
-- :entries JSON [entry, ...]; :due, unix seconds: moments up to then do not count as missed.
INSERT INTO job_slots (entry, due)
SELECT entry, CAST(:due AS double precision) FROM json_array_elements_text(CAST(:entries AS json)) AS entry ORDER BY entry COLLATE "C"
ON CONFLICT (entry) DO NOTHING
