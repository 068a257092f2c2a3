-- The workers whose lease ran out.
-- :now unix seconds. Returns their ids.
SELECT id FROM job_workers WHERE expires_at < :now
