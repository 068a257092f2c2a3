-- Let a transfer take no more jobs.
-- ARGV: prefix; id of the transfer.
if is_noted(ARGV[2]) then redis.call('HSET', transfer_key, 'open', 0) end
