-- Jobs that may be transferred, locked, in the order of one of Lightpack's indexes.
-- {where}: the status and the filters; :limit. Returns the id of each.
-- An UPDATE with this order would sort all of them each time.
SELECT id FROM {jobs} WHERE {where} ORDER BY scheduled_at, id LIMIT :limit {take}
