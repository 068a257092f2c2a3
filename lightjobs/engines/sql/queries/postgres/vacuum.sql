-- Make the room of dead rows usable again. Who may not gets a warning; locked: another is at it.
-- The file is not shortened: that locks everybody out, and the room is soon needed again.
VACUUM (SKIP_LOCKED, TRUNCATE false) jobs
