-- Add the entries of the schedule that are not known yet.
-- :entries JSON [entry, ...]; :due, unix seconds: slots up to then do not count as missed.
INSERT INTO {job_slots} (entry, due) SELECT value, :due FROM json_each(:entries) WHERE true
ON CONFLICT (entry) DO NOTHING
