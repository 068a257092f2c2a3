-- Count a hit on a key, in windows that begin with their first hit.
-- :key; :most, the number of hits that a window allows; :seconds, the length of a window.
-- Returns the hits in the window, this one included, but at most :most + 1; and the seconds until the window ends.
-- Assignments are made from left to right, so the one to hits still sees the old ends_at.
INSERT INTO {job_limits} (name, hits, ends_at) VALUES (:key, 1, {unix} + :seconds)
ON DUPLICATE KEY UPDATE
  hits = CASE WHEN ends_at <= {unix} THEN 1 WHEN hits > :most THEN :most + 1 ELSE hits + 1 END,
  ends_at = CASE WHEN ends_at <= {unix} THEN {unix} + :seconds ELSE ends_at END;
SELECT hits, ends_at - {unix} FROM {job_limits} WHERE name = :key
