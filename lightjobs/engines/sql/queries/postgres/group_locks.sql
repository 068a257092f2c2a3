-- Take the right to claim from groups that have a limit, until the transaction ends, but wait for none.
-- :keys, an array of numbers. Returns those that were taken. One at a time may count how many jobs of a group run: a
-- claim that is not committed yet is not seen by others.
SELECT key FROM unnest(CAST(:keys AS bigint[])) AS asked (key) WHERE pg_try_advisory_xact_lock(key)
