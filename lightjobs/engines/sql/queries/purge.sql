-- Delete ended jobs. A part at a time: the caller repeats until no row is touched.
-- :status; :id or null; :queue or null; :before, text or null: ended earlier; :limit.
DELETE FROM jobs
WHERE id IN (
  SELECT id FROM jobs
  WHERE status NOT IN ('new', 'queued') AND status = :status
    AND (CAST(:id AS bigint) IS NULL OR id = :id)
    AND (CAST(:queue AS text) IS NULL OR queue = :queue)
    AND (failed_at IS NULL OR CAST(:before AS text) IS NULL OR failed_at < CAST(:before AS {datetime}))
  LIMIT :limit
)
