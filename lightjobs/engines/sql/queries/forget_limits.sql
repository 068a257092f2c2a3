-- Delete windows that are over.
-- :now unix seconds.
DELETE FROM job_limits WHERE ends_at <= :now
