-- Jobs that have ended, latest first, where there are few of their status.
-- {where}: the status and the filters; :limit. Returns the fields of a Stored.
-- It sorts them. Through jobs_ended it would read all jobs of other statuses that ended later: 5 s for 500,000, and the
-- server cannot tell. Through queue_index, which MySQL may prefer while its statistics are old, it would read all of the queue.
SELECT {stored}
FROM {jobs} IGNORE INDEX (jobs_ended, queue_index) WHERE failed_at IS NOT NULL AND {where}
ORDER BY failed_at DESC, id DESC LIMIT :limit
