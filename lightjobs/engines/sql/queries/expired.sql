-- The workers whose lease ran out. One that just claims is alive: it is left for the next time.
-- Returns their ids.
SELECT id FROM job_workers WHERE expires_at < {unix} {take}
