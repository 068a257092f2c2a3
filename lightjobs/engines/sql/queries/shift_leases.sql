-- After the clock was set back: shorten the leases that were extended before that.
-- :seconds, by how much it was set back, which must be more than any lease.
-- A lease that was extended since ends before the time at which the last search took place.
UPDATE {job_workers} SET expires_at = expires_at - :seconds WHERE expires_at > {unix} + :seconds
