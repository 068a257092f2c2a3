-- Store jobs with nothing but a key each, all or none, if nobody has taken any of the keys lately. Whether one that was taken is
-- held now, push_tied.lua finds out.
-- ARGV: prefix; form, "hash" or "php"; scope and seconds, the same for all keys; the number of keys, and these, each another one,
-- in the order of the jobs; jobs as in storing.lua, 2000 at most. Returns whether they are stored.
local form, scope, seconds, count = unpack(ARGV, 2, 5)
local keys, names = {unpack(ARGV, 6, 5 + count)}, {}
for place, key in ipairs(keys) do names[place] = unique_name(key) end
if redis.call('EXISTS', unpack(names)) > 0 then return 0 end
local ids, tie_words = {}, {'unique_scope', scope, 'unique_for', score(tonumber(seconds)), 'unique', ''}
store(form, ARGV, 6 + count, function(row)
  local first = #ids
  row.tie, row.tie_words = {scope = scope, seconds = seconds, keys = keys}, tie_words
  if #row.ids < #keys then row.tie.keys = {unpack(keys, first + 1, first + #row.ids)} end
  for place, id in ipairs(row.ids) do ids[first + place] = id end
end)
note_holders(names, scope, seconds, ids)
return 1
