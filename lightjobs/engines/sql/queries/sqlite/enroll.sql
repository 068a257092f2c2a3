-- Make entries of the schedule known that are not.
-- :entries JSON [entry, ...]; :due, unix seconds: moments up to then do not count as missed.
INSERT INTO job_slots (entry, due) SELECT value, :due FROM json_each(:entries) WHERE true
ON CONFLICT (entry) DO NOTHING
