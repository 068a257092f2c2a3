-- Delete the rates of one span that are older than it keeps them.
-- :span; :kept in seconds; :limit, how many rows to delete at most.
DELETE FROM {job_rates} WHERE span = :span AND bucket <= CAST({unix} AS SIGNED) - :kept - :span
ORDER BY bucket LIMIT :limit
