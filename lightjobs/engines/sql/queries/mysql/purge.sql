-- Delete ended jobs. A part at a time: the caller repeats until no row is touched.
-- :status; :id or null; :queue or null; :before, text or null: ended earlier; :limit.
DELETE FROM jobs
WHERE status = :status AND id = COALESCE(:id, id) AND queue = COALESCE(:queue, queue)
  AND (failed_at IS NULL OR :before IS NULL OR failed_at < :before)
LIMIT :limit
