-- Jobs that are claimed but name no worker. Where PHP works, its workers claim so.
-- :limit. Returns the id and the attempts of each.
SELECT id, attempts FROM {jobs} WHERE status = 'queued' AND worker IS NULL ORDER BY id LIMIT :limit
