-- Put before lib.lua: jobs in PHP's form, which is Lightpack's array as serialize() writes it. A job that has been read is
-- {names = its keys in order, raw = the text of each value by its key}.

-- NULL as the new value of a field removes the field, or writes PHP's null.
local NULL = {}
local made
-- The functions for such jobs, defined when the first one is met. Otherwise they would be half of what each call of a
-- script defines before it begins, even where no job has PHP's form.
local function php()
  if made then return made end
  -- The fields that lightjobs adds to Lightpack's array, after Lightpack's own. They are removed when they are 0 or NULL.
  local OURS = {priority = true, options = true, fence = true, recoveries = true, worker = true, unique = true,
    unique_scope = true, unique_for = true}
  local SCALARS = {i = '^i:[+-]?%d+;()', b = '^b:[01];()', d = '^d:[-+.%dEINFA]+;()'}
  -- Lightpack's array has about ten values. To read a million takes two seconds, and all clients wait in that time.
  local MOST_VALUES = 500
  local values_read = 0

  -- Where the value at `at` ends; nil and the reason if it cannot be read. The end is found by the lengths given and never
  -- by a search: a value may contain anything, even text that looks like fields.
  local function end_of(text, at, depth)
    values_read = values_read + 1
    if values_read > MOST_VALUES then return nil, 'more values than a job has' end
    local kind = text:sub(at, at)
    if kind == 'N' then
      if text:sub(at + 1, at + 1) == ';' then return at + 2 end
    elseif kind == 's' then
      local length, begin = text:sub(at, at + 15):match('^s:(%d+):"()')
      if length and #length < 10 then
        local stop = at + begin - 1 + tonumber(length)
        if text:sub(stop, stop + 1) == '";' then return stop + 2 end
      end
      return nil, 'a string whose length is wrong'
    elseif SCALARS[kind] then
      local stop = text:sub(at, at + 400):match(SCALARS[kind])
      if stop then return at + stop - 1 end
    elseif kind == 'a' then
      local count, begin = text:sub(at, at + 15):match('^a:(%d+):{()')
      if depth > 20 then return nil, 'arrays nested too deeply' end
      -- The shortest pair, i:0;N;, has six characters.
      if not count or #count > 9 or tonumber(count) * 6 > #text - at then
        return nil, 'an array whose count is wrong'
      end
      at = at + begin - 1
      for _ = 1, tonumber(count) * 2 do
        local stop, why = end_of(text, at, depth + 1)
        if not stop then return nil, why end
        at = stop
      end
      if text:sub(at, at) == '}' then return at + 1 end
      return nil, 'an array that does not end'
    elseif kind:match('[OCERr]') then
      return nil, 'objects and references are not read'
    end
    return nil, 'not what PHP serializes'
  end

  -- The job in `text`; nil and the reason if it cannot be read.
  local function read(text)
    local count, at = text:sub(1, 16):match('^a:(%d+):{()')
    if not count or #count > 4 then return nil, 'not a PHP array' end
    values_read = 0
    local names, raw = {}, {}
    for _ = 1, tonumber(count) do
      local stop, why = end_of(text, at, 0)
      if not stop then return nil, why end
      local length, begin = text:match('^s:(%d+):"()', at)
      if not length then return nil, 'a key that is not a string' end
      local name = text:sub(begin, begin + tonumber(length) - 1)
      local value_end
      value_end, why = end_of(text, stop, 0)
      if not value_end then return nil, why end
      if raw[name] then return nil, 'a key given twice' end
      names[#names + 1] = name
      raw[name] = text:sub(stop, value_end - 1)
      at = value_end
    end
    if text:sub(at) ~= '}' then return nil, 'text after its end' end
    return {names = names, raw = raw}
  end

  -- The text of a string or number, without PHP's marks; false for any other value, and for a missing one.
  local function value(raw)
    if not raw then return false end
    local kind = raw:sub(1, 1)
    if kind == 's' then return raw:match('^s:%d+:"(.*)";$') end
    if kind == 'i' or kind == 'd' then return raw:sub(3, -2) end
    return false
  end

  local function quoted(text)
    return 's:' .. #text .. ':"' .. text .. '";'
  end

  local function remove(job, name)
    if not job.raw[name] then return end
    job.raw[name] = nil
    for index, known in ipairs(job.names) do
      if known == name then table.remove(job.names, index) end
    end
  end

  -- Give a job's field a new value: a number, a string, or NULL.
  local function change(job, name, new)
    if OURS[name] and (new == NULL or new == 0) then return remove(job, name) end
    if not job.raw[name] then job.names[#job.names + 1] = name end
    if new == NULL then job.raw[name] = 'N;'
    elseif type(new) == 'number' then job.raw[name] = string.format('i:%d;', new)
    else job.raw[name] = quoted(new) end
  end

  -- The text of a job.
  local function written(job)
    local parts, ours = {'a:', #job.names, ':{'}, {}
    for _, name in ipairs(job.names) do
      local into = OURS[name] and ours or parts
      into[#into + 1] = quoted(name)
      into[#into + 1] = job.raw[name]
    end
    return table.concat(parts) .. table.concat(ours) .. '}'
  end

  made = {read = read, value = value, quoted = quoted, change = change, written = written}
  return made
end
