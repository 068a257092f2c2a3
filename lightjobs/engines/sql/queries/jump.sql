-- By how much the clock was set back since the last search for dead workers.
-- Returns the seconds; negative when it was not.
SELECT swept_at - {unix} FROM {job_sweeps} WHERE id = 1
