-- Announces scans that are not announced yet.
-- KEYS[2]: the stream. ARGV[2]: the generation that the member knows, or an empty text; ARGV[3]: greatest number of
-- entries; ARGV[4]: the position before the scans; ARGV[5]: time from which on they can have been announced; then key and
-- time of creation of each scan.
-- Returns the generation of the stream. It is another one than the member knows if nothing was announced.
local function field(entry, name)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
end
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local generation = newest and field(newest, 'generation') or ''
if ARGV[2] ~= '' and generation ~= ARGV[2] then return generation end
if generation == '' then
  local time = redis.call('TIME')
  generation = time[1] .. string.format('%06d', time[2])
end
local known = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], ARGV[5], '+')) do
  known[(field(entry, 'key') or '') .. ' ' .. (field(entry, 'created') or '')] = true
end
for i = 6, #ARGV, 2 do
  if not known[ARGV[i] .. ' ' .. ARGV[i + 1]] then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'key', ARGV[i], 'created', ARGV[i + 1],
               'generation', generation, 'position', ARGV[4])
  end
end
return generation
