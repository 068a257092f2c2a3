-- When jobs of a queue are due, whatever their priorities and groups.
-- :queue. Returns the seconds until the first is due, negative in the past, and until the first that is not due yet, or
-- null. Two nulls: no job waits.
-- By Lightpack's index, which has the jobs of a queue in the order of their times.
SELECT (
  SELECT COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at), 0) / 1000000 + LEAST(scheduled_us, 999999) / 1000000
  FROM {jobs} FORCE INDEX (queue_status_scheduled_at_index)
  WHERE queue = :queue AND status = 'new' ORDER BY scheduled_at LIMIT 1
), (
  SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), scheduled_at) / 1000000
  FROM {jobs} FORCE INDEX (queue_status_scheduled_at_index)
  WHERE queue = :queue AND status = 'new' AND scheduled_at > {now} ORDER BY scheduled_at LIMIT 1
)
