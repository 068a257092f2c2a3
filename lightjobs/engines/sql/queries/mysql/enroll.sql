-- Add the entries of the schedule that are not known yet.
-- :entries JSON [entry, ...]; :due, unix seconds: slots up to then do not count as missed.
INSERT IGNORE INTO {job_slots} (entry, due)
SELECT entry, :due FROM JSON_TABLE(:entries, '$[*]' COLUMNS (entry VARCHAR(191) CHARACTER SET utf8mb4 PATH '$')) AS o ORDER BY entry
