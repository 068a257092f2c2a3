-- Forget a search for dead workers whose moments lie further ahead than :ahead seconds.
-- :ahead.
DELETE FROM {job_sweeps} WHERE id = 1 AND (swept_at > {unix} + :ahead OR recover_from > {unix} + :ahead)
