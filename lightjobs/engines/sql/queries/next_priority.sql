-- The next priority, by number, that jobs of a queue wait with: one look at an index.
-- {where}: the status, the queue, and beyond which priority if not from the first on. No row: there is none.
SELECT priority FROM jobs WHERE {where} ORDER BY priority LIMIT 1
