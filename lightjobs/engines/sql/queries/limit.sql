-- Count a hit on a key, in windows that begin with their first hit.
-- :key; :most hits in a window; :seconds its length; :now unix seconds.
-- Returns the hits, this one included, counted no further than :most + 1; and when the window ends.
INSERT INTO job_limits (name, hits, ends_at) VALUES (:key, 1, :now + :seconds)
ON CONFLICT (name) DO UPDATE SET
  hits = CASE WHEN ends_at <= :now THEN 1 ELSE min(hits + 1, :most + 1) END,
  ends_at = CASE WHEN ends_at <= :now THEN :now + :seconds ELSE ends_at END
RETURNING hits, ends_at
