"""Jobs spread over several shards, each of which is a RedisEngine of its own."""
