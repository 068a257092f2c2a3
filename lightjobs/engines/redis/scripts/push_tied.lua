-- Store jobs with a key, a group or a batch, all or none.
-- ARGV: prefix; form, "hash" or "php"; JSON [a tie, as in tying.lua, or false, ...], one for each row; JSON [a batch]: one to be
-- stored, as in batches.lua, the id of one to which they are added, or false; jobs as in storing.lua, 2000 at most. Returns what
-- pushing.lua says.
return push_rows(ARGV[2], tied_pushes().rows_of(ARGV, 5, cjson.decode(ARGV[3])), cjson.decode(ARGV[4])[1])
