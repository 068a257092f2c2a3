-- Delete ended jobs. A part at a time: the caller repeats until there are no rows.
-- :status; :id or null; :queue or null; :before, text or null: ended earlier; :limit. Returns ids.
DELETE FROM jobs
WHERE id IN (
  SELECT id FROM jobs
  WHERE status NOT IN ('new', 'queued') AND status = :status
    AND (:id IS NULL OR id = :id) AND (:queue IS NULL OR queue = :queue)
    AND (:before IS NULL OR failed_at < :before)
  LIMIT :limit
)
RETURNING id
