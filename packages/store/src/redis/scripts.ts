import { createHash } from 'node:crypto';

/**
 * The scripts that Redis runs for us. They compare and set, and decide nothing else. Redis 5 or later: TIME before a
 * write needs replication by effects.
 *
 * Versions. A record's value is its version in 16 digits, then its JSON. A new version is the server's time in
 * microseconds (16 digits until the year 2286, exact in a double until 2255), or one more than the last version where
 * the clock does not show a later time. The bucket's floor keeps the highest version of a deleted record, so that a clock
 * set back cannot bring a version again. One number a bucket instead of a tombstone a pair. And because versions follow
 * the clock, they do not come again either when Redis lost its newest writes (an older file loaded, a replica promoted).
 */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** `held`: the value of the pair or false. Ends the script with nil unless its version is the expected one ('0': none). */
const COMPARE = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
local version = held and string.sub(held, 1, 16) or '0'
if version ~= ARGV[2] then return false end
`;

/** `now`: the server's time in milliseconds. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Writes a record, or a user's policy (`policies` for `pairs`, never due).
 * KEYS: the bucket's pairs, due, floor. ARGV: pair, expected version, record, due time or ''.
 * Returns the new version, or nil when the pair has another version than the expected one.
 */
export const COMMIT = script(`${COMPARE}
local time = redis.call('TIME')
local next = string.format('%s%06d', time[1], time[2])
local last = held and version or redis.call('GET', KEYS[3])
if last and next <= last then next = string.format('%.0f', last + 1) end
redis.call('HSET', KEYS[1], ARGV[1], next .. ARGV[3])
if ARGV[4] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1]) end
return next`);

/**
 * Writes a record again that was lost. Nothing older takes the place of what is newer: a version of the bucket's floor or below
 * may have been deleted.
 * KEYS: the bucket's pairs, due, floor. ARGV: pair, version (16 digits), record, due time or ''.
 * Returns '1', or '0' when nothing was lost.
 */
export const PUT_BACK = script(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.sub(held, 1, 16) >= ARGV[2] then return '0' end
local floor = redis.call('GET', KEYS[3])
if floor and floor >= ARGV[2] then return '0' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ARGV[3])
if ARGV[4] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1]) end
return '1'`);

/**
 * Deletes a record and its due time, or a user's policy. Frees memory before it writes: Redis allows that also at its memory limit.
 * KEYS: the bucket's pairs, due, floor. ARGV: pair, expected version.
 * Returns '0', or nil when the pair has another version than the expected one.
 */
export const DELETE = script(`${COMPARE}
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
local floor = redis.call('GET', KEYS[3])
if held and (not floor or floor < version) then redis.call('SET', KEYS[3], version) end
return '0'`);

/**
 * What is due; changes nothing.
 * KEYS: due of one or more buckets. ARGV: now, limit.
 * Returns pair, due time, pair, due time ...
 */
export const DUE = script(`
local result = {}
for _, due in ipairs(KEYS) do
  local room = ARGV[2] - #result / 2
  if room <= 0 then break end
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, room)) do
    result[#result + 1] = each
  end
end
return result`);

/**
 * Claims those of these pairs that are due: moves their due time. Removes before it adds: Redis allows that also at its memory limit.
 * KEYS: of each pair the due of its bucket. ARGV: now, until, then the pairs.
 * Returns the pairs that are claimed.
 */
export const CLAIM = script(`
local claimed = {}
for at, due in ipairs(KEYS) do
  local pair = ARGV[at + 2]
  local score = redis.call('ZSCORE', due, pair)
  if score and tonumber(score) <= tonumber(ARGV[1]) then
    redis.call('ZREM', due, pair)
    redis.call('ZADD', due, ARGV[2], pair)
    claimed[#claimed + 1] = pair
  end
end
return claimed`);

/**
 * Renews a worker's lease. One whose lease had not ended forgets those that have; any other gives them one more, but for former
 * lives of its own (`name#`) that have been silent for two fifths of a lease: those it ends at once.
 * KEYS: workers. ARGV: worker, milliseconds, connections.
 * Returns '1' when there was a lease of this worker, ended or not, or '0'; then worker, connections, worker, connections ...
 */
export const HEARTBEAT = script(`${NOW}
local ends = string.format('%.0f ', now + ARGV[2])
local own = redis.call('HGET', KEYS[1], ARGV[1])
local live = own and tonumber(string.match(own, '^%d+')) > now
local name = not own and string.match(ARGV[1], '^(.*#)')
local result = { own and '1' or '0', ARGV[1], ARGV[3] }
local leases = redis.call('HGETALL', KEYS[1])
for i = 1, #leases, 2 do
  local worker, till, connections = leases[i], string.match(leases[i + 1], '^(%d+) (.*)$')
  local left = tonumber(till) - now
  local ended = left <= 0
  local former = name and string.match(worker, '^(.*#)') == name and left <= ARGV[2] * 0.6
  if worker ~= ARGV[1] and (former or ended and live) then
    redis.call('HDEL', KEYS[1], worker)
  elseif worker ~= ARGV[1] then
    if ended then redis.call('HSET', KEYS[1], worker, ends .. connections) end
    result[#result + 1] = worker
    result[#result + 1] = connections
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ends .. ARGV[3])
return result`);

/**
 * The workers whose lease has not ended.
 * KEYS: workers. Returns worker, connections, worker, connections ...
 */
export const WORKERS = script(`${NOW}
local leases = redis.call('HGETALL', KEYS[1])
local live = {}
for i = 1, #leases, 2 do
  local till, connections = string.match(leases[i + 1], '^(%d+) (.*)$')
  if tonumber(till) > now then
    live[#live + 1] = leases[i]
    live[#live + 1] = connections
  end
end
return live`);

/**
 * Puts a member into a bounded set, and forgets those that have ended.
 * KEYS: the set. ARGV: member, most members, milliseconds.
 * Returns '1', or '0' when there is no room.
 */
export const PUT_MEMBER = script(`${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return '0' end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[3]), ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return '1'`);

/**
 * One page of the records of a bucket.
 * KEYS: the bucket's pairs, due. ARGV: cursor, about how many.
 * Returns the next cursor; then pair, value, '1' where it has a due time or '0', pair, value ...
 */
export const RECORD_PAGE = script(`
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local result = { page[1] }
for i = 1, #page[2], 2 do
  result[#result + 1] = page[2][i]
  result[#result + 1] = page[2][i + 1]
  result[#result + 1] = redis.call('ZSCORE', KEYS[2], page[2][i]) and '1' or '0'
end
return result`);

/**
 * One page of the due times of a bucket.
 * KEYS: the bucket's pairs, due. ARGV: cursor, about how many.
 * Returns the next cursor; then the pairs that have no record.
 */
export const DUE_PAGE = script(`
local page = redis.call('ZSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local result = { page[1] }
for i = 1, #page[2], 2 do
  if redis.call('HEXISTS', KEYS[1], page[2][i]) == 0 then result[#result + 1] = page[2][i] end
end
return result`);

/**
 * The leases that ended long ago.
 * KEYS: workers. ARGV: how long, milliseconds. Returns the workers.
 */
export const ENDED_LEASES = script(`${NOW}
local leases = redis.call('HGETALL', KEYS[1])
local ended = {}
for i = 1, #leases, 2 do
  local till = tonumber(string.match(leases[i + 1], '^%d+') or 0)
  if till < now - ARGV[1] then ended[#ended + 1] = leases[i] end
end
return ended`);
