-- Take jobs for a transfer.
-- {ids}: their ids, in :ids; :taken, their new status; :transfer, its id.
UPDATE {jobs} SET status = :taken, worker = :transfer WHERE {ids}
