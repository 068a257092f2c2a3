-- The next priority, by number, among the waiting jobs of a queue: one look at an index.
-- {where}: the status, the queue and, except at first, the priority to look beyond. No row: there is no other.
SELECT priority FROM {jobs} WHERE {where} ORDER BY priority LIMIT 1
