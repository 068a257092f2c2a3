-- Count a hit on a key, in windows that begin with their first hit.
-- :key; :most hits in a window; :seconds its length.
-- Returns the hits, this one included, counted no further than :most + 1; and the seconds left.
-- Assignments are made from left to right: hits sees the old end.
INSERT INTO job_limits (name, hits, ends_at) VALUES (:key, 1, {unix} + :seconds)
ON DUPLICATE KEY UPDATE
  hits = CASE WHEN ends_at <= {unix} THEN 1 WHEN hits > :most THEN :most + 1 ELSE hits + 1 END,
  ends_at = CASE WHEN ends_at <= {unix} THEN {unix} + :seconds ELSE ends_at END;
SELECT hits, ends_at - {unix} FROM job_limits WHERE name = :key
