-- ARGV: prefix. Returns the names of the paused queues.
return redis.call('SMEMBERS', prefix .. 'paused_queues')
