-- Accept no more jobs of a transfer.
-- ARGV: prefix; id of the transfer. Returns 1, or 0 if it was not expected.
return redis.call('HDEL', arrivals_key, ARGV[2])
