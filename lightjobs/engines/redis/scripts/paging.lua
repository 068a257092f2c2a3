-- Put before the scripts that read lists page by page, after lib.lua. Lists are ordered by whole seconds, and within a second
-- by id. The sets are ordered by scores, which may have fractions.

-- Scores beyond it count as one second: one more would be the same number.
local FURTHEST = 1e15

local function second_of(at)
  return math.max(-FURTHEST, math.min(FURTHEST, math.floor(tonumber(at))))
end

local function second_text(second) return string.format('%.0f', second) end

-- The lowest and the highest score of a second, as commands take them.
local function bounds(second)
  return second == -FURTHEST and '-inf' or second_text(second), second == FURTHEST and '+inf' or '(' .. second_text(second + 1)
end
