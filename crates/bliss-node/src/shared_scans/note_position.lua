-- Stores the safe position, and removes old entries.
-- KEYS[2]: the stream, KEYS[3]: the position, KEYS[4]: the mark of the group. ARGV[2]: the generation that the member
-- knows, or an empty text; ARGV[3]: the position of its discovery; ARGV[4]: its group; ARGV[5] and ARGV[6]: life of entries
-- that are acknowledged, and of all, in milliseconds; ARGV[7]: life of the mark in seconds.
-- Returns the generation of the stream, and the position that was stored. Nothing is stored if the member knows another
-- generation.
local function field(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
end
local function parts(id)
  local milliseconds, sequence = string.match(id, '(%d+)-(%d+)')
  return tonumber(milliseconds), tonumber(sequence)
end
local function is_before(one, other)
  local one_time, one_sequence = parts(one)
  local other_time, other_sequence = parts(other)
  return one_time < other_time or one_time == other_time and one_sequence < other_sequence
end

local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local generation = newest and field(newest[2], 'generation') or ''
if ARGV[2] ~= '' and generation ~= ARGV[2] then return {generation, ''} end
redis.call('SET', KEYS[4], 1, 'EX', ARGV[7])

-- The oldest entry that a group has not acknowledged.
local oldest
local is_group_known = false
if newest then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
    is_group_known = is_group_known or field(group, 'name') == ARGV[4]
    local first
    if field(group, 'pending') > 0 then
      first = redis.call('XPENDING', KEYS[2], field(group, 'name'))[2]
    else
      local last = field(group, 'last-delivered-id')
      for _, entry in ipairs(redis.call('XRANGE', KEYS[2], last, '+', 'COUNT', 2)) do
        if entry[1] ~= last then
          first = entry[1]
          break
        end
      end
    end
    if first and (not oldest or is_before(first, oldest)) then oldest = first end
  end
  -- Without the member's own group, nobody has acknowledged anything for it.
  if not is_group_known then oldest = '0-0' end
end
local position = ARGV[3]
if oldest then
  local entry = redis.call('XRANGE', KEYS[2], oldest, '+', 'COUNT', 1)[1]
  position = entry and field(entry[2], 'position') or position
end
redis.call('SET', KEYS[3], position)

if newest then
  local now = 1000 * tonumber(redis.call('TIME')[1])
  local limit = now - ARGV[5]
  if oldest then limit = math.min(limit, (parts(oldest))) end
  limit = math.max(limit, now - ARGV[6])
  if limit > 0 then
    local last = string.format('%.0f', limit - 1)
    for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', last, 'COUNT', 1000)) do
      -- The newest entry tells the generation.
      if entry[1] ~= newest[1] then redis.call('XDEL', KEYS[2], entry[1]) end
    end
  end
end
return {generation, position}
