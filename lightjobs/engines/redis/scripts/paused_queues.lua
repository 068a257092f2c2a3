-- The names of the paused queues.
-- ARGV: prefix.
return redis.call('SMEMBERS', prefix .. 'paused_queues')
