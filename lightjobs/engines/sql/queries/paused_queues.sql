-- The names of the paused queues.
SELECT queue FROM {job_paused}
