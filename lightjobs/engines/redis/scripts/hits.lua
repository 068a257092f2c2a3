-- ARGV: prefix; a key that hit.lua counts under.
-- Returns the hits in the present window, and the milliseconds until it ends; negative if there is no window.
local key = prefix .. 'limit:' .. ARGV[2]
return {redis.call('GET', key) or '0', redis.call('PTTL', key)}
