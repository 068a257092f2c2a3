-- Who holds a key.
-- ARGV: prefix; the key. Returns the id of the job, the scope, and until when, in unix seconds; or nothing.
return {unique_keys().holder(ARGV[2])}
