-- A batch with its counts.
-- ARGV: prefix; id. Returns what listed_batches.lua says.
return batches_as_json({ARGV[2]})
