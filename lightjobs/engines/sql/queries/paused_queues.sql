-- The queues that nobody claims from.
SELECT queue FROM job_paused
