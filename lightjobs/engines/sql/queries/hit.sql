-- Count a hit on a key, in windows that begin with their first hit.
-- :key; :most hits in a window; :seconds its length.
-- Returns the hits, this one included, counted no further than :most + 1; and the seconds left.
INSERT INTO job_limits (name, hits, ends_at) VALUES (:key, 1, {unix} + :seconds)
ON CONFLICT (name) DO UPDATE SET
  hits = CASE WHEN job_limits.ends_at <= {unix} THEN 1
              WHEN job_limits.hits > :most THEN :most + 1 ELSE job_limits.hits + 1 END,
  ends_at = CASE WHEN job_limits.ends_at <= {unix} THEN {unix} + :seconds ELSE job_limits.ends_at END
RETURNING hits, ends_at - {unix}
