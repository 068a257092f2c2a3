-- Make entries of the schedule known that are not.
-- :entries JSON [entry, ...]; :due, unix seconds: moments up to then do not count as missed.
INSERT IGNORE INTO job_slots (entry, due)
SELECT entry, :due FROM JSON_TABLE(:entries, '$[*]' COLUMNS (entry VARCHAR(191) PATH '$')) AS o ORDER BY entry
