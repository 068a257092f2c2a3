-- Free a key.
-- ARGV: prefix; the key. Returns who held it, as key_holder.lua does.
local found = {unique_keys().holder(ARGV[2])}
redis.call('DEL', unique_name(ARGV[2]))
return found
