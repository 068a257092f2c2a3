-- Count a hit on a key, in windows that begin with their first hit.
-- :key; :most, the number of hits that a window allows; :seconds, the length of a window.
-- Returns the hits in the window, this one included, but at most :most + 1; and the seconds until the window ends.
INSERT INTO {job_limits} AS job_limits (name, hits, ends_at) VALUES (:key, 1, {unix} + :seconds)
ON CONFLICT (name) DO UPDATE SET
  hits = CASE WHEN job_limits.ends_at <= {unix} THEN 1
              WHEN job_limits.hits > :most THEN :most + 1 ELSE job_limits.hits + 1 END,
  ends_at = CASE WHEN job_limits.ends_at <= {unix} THEN {unix} + :seconds ELSE job_limits.ends_at END
RETURNING hits, ends_at - {unix}
