// The Lua that runs inside Redis: each script is one atomic change or one consistent reading. A value of another Redis
// type than ours (WRONGTYPE) counts as corrupt: reading gives absent, writing replaces it.

/** An unreadable pending mark counts as the highest one: it says that something may be pending, and only a reader under the lock clears it. */
const PENDING_OF = `
local function pendingOf(raw)
  if raw == false then return 0 end
  if type(raw) == 'string' and #raw <= 15 and string.match(raw, '^%d+$') then return tonumber(raw) end
  return 9007199254740991
end
`;

/** The same spelling as head-text.ts. */
const VERSION_OF = `
local function versionOf(raw)
  if type(raw) ~= 'string' then return nil end
  local digits, id = string.match(raw, '^{"version":(%d+),"snapshotId":"(s1%-[0-9a-f]+)"}$')
  if not digits or #digits > 15 or #id ~= 67 or (#digits > 1 and string.sub(digits, 1, 1) == '0') then return nil end
  return tonumber(digits)
end
`;

/** KEYS head, pending, lease?; ARGV lease milliseconds, lease value. → {head or nil, pending} */
export const PIN = `${PENDING_OF}
local head = redis.pcall('GET', KEYS[1])
if type(head) ~= 'string' then head = false end
local pending = pendingOf(redis.pcall('GET', KEYS[2]))
if KEYS[3] then redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[1]) end
return {head, string.format('%.0f', pending)}
`;

/** KEYS pending; ARGV version. */
export const MARK_PENDING = `${PENDING_OF}
if pendingOf(redis.pcall('GET', KEYS[1])) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
`;

/** KEYS pending; ARGV the value seen. */
export const CLEAR_PENDING = `${PENDING_OF}
if pendingOf(redis.pcall('GET', KEYS[1])) == tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end
return 1
`;

/** KEYS head; ARGV the text seen. */
export const DROP_HEAD = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

/**
 * KEYS head, pending, index; ARGV version, head text, base version, 'delta' or 'full', how many to set, path and hash of
 * each, then paths to remove. → 1 published, 0 the stored version is not below, 2 nothing done: the full index is needed.
 */
export const PUBLISH = `${PENDING_OF}${VERSION_OF}
local version = tonumber(ARGV[1])
local stored = versionOf(redis.pcall('GET', KEYS[1]))
local pending = pendingOf(redis.pcall('GET', KEYS[2]))
local function clearMark()
  if pending > 0 and pending <= version then redis.call('DEL', KEYS[2]) end
end
if stored and stored >= version then
  if stored == version then clearMark() end
  return 0
end
if ARGV[4] == 'full' then
  redis.call('DEL', KEYS[3])
elseif stored ~= tonumber(ARGV[3]) or redis.call('TYPE', KEYS[3]).ok ~= 'hash' then
  return 2
end
local firstRemoved = 6 + 2 * tonumber(ARGV[5])
for from = 6, firstRemoved - 1, 2000 do
  redis.call('HSET', KEYS[3], unpack(ARGV, from, math.min(from + 1999, firstRemoved - 1)))
end
for from = firstRemoved, #ARGV, 2000 do
  redis.call('HDEL', KEYS[3], unpack(ARGV, from, math.min(from + 1999, #ARGV)))
end
redis.call('SET', KEYS[1], ARGV[2])
clearMark()
return 1
`;

/** KEYS head, index. → flat list of path and hash, or nil where there is none. Redis keeps no empty hash: HEAD tells the empty index from none. */
export const READ_INDEX = `
local kind = redis.call('TYPE', KEYS[2]).ok
if kind == 'hash' then return redis.call('HGETALL', KEYS[2]) end
if kind == 'none' and redis.call('EXISTS', KEYS[1]) == 1 then return {} end
return false
`;

/** KEYS blobs; ARGV milliseconds to live from now. → bytes or nil of each */
export const READ_BLOBS = `
local found = {}
for i, key in ipairs(KEYS) do
  local bytes = redis.pcall('GETEX', key, 'PX', ARGV[1])
  found[i] = type(bytes) == 'string' and bytes
end
return found
`;

/** KEYS head, pending, index, then every blob that is to go. → how many paths the index had */
export const CLEAR = `
local count = redis.pcall('HLEN', KEYS[3])
for from = 1, #KEYS, 1000 do redis.call('UNLINK', unpack(KEYS, from, math.min(from + 999, #KEYS))) end
return type(count) == 'number' and count or 0
`;
