-- Accept the jobs of a transfer.
-- ARGV: prefix; id of the transfer.
redis.call('HSETNX', arrivals_key, ARGV[2], 0)
