-- Store jobs, all or none.
-- ARGV: prefix; form, "hash" or "php"; for each job its id, handler, queue, payload, due or "", priority, options or "".
-- Returns the number of jobs. A full Redis refuses the first write, so nothing is stored.
store(ARGV[2], ARGV, 3)
return (#ARGV - 2) / 7
