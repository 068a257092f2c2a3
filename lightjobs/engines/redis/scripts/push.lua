-- Store jobs, all or none.
-- ARGV: prefix; form, "hash" or "php"; jobs as in storing.lua, 2000 at most. A full Redis refuses the first write, so nothing
-- is stored.
store(ARGV[2], ARGV, 3)
return 1
