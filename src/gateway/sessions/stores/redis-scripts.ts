import type { ClientContext, Result } from 'ioredis'

/**
 * Each write is one script, so that a record and its indexes always agree, even when a process is killed.
 *
 * Keys, all with the prefix: `j:NAME` a journal (sorted by number), with `j:NAME:times` and `j:NAME:entries` (hash); `s:KEY` a record (hash); `u:SUBJECT` and `i:SID` its indexes (sorted by expiry); `order`
 * (sorted by creation) and `expiry`, of every record; `seq` and `token`, counters. Times are those of Redis, in
 * milliseconds: replicas whose clocks differ agree on who holds a lease. A script publishes the changes it makes.
 *
 * ARGV[1] is always the prefix. `KEYS[1]` routes the script in a cluster; the hash tag of the prefix keeps all keys there.
 */
const COMMON = `
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function add_to_index(index, key, at)
  redis.call('ZADD', index, at, key)
  local left = redis.call('PTTL', index)
  if left < 0 or now + left < at then redis.call('PEXPIREAT', index, string.format('%.0f', at)) end
end

local function indexes(key)
  local of = redis.call('HMGET', prefix .. 's:' .. key, 'subject', 'sid')
  local list = {}
  if of[1] then list[#list + 1] = prefix .. 'u:' .. of[1] end
  if of[2] and of[2] ~= '' then list[#list + 1] = prefix .. 'i:' .. of[2] end
  return list
end

local function delete_record(key)
  for _, index in ipairs(indexes(key)) do redis.call('ZREM', index, key) end
  redis.call('ZREM', prefix .. 'order', key)
  redis.call('ZREM', prefix .. 'expiry', key)
  return redis.call('DEL', prefix .. 's:' .. key)
end

local function write_record(key, subject, sid, sealed, expires, revision, ttl)
  local record = prefix .. 's:' .. key
  redis.call('HSET', record, 'subject', subject, 'sid', sid, 'sealed', sealed, 'expires', expires, 'revision', revision)
  redis.call('PEXPIRE', record, ttl)
  for _, index in ipairs(indexes(key)) do add_to_index(index, key, now + ttl) end
  redis.call('ZADD', prefix .. 'expiry', now + ttl, key)
end

local function sweep(limit)
  local expired = redis.call('ZRANGEBYSCORE', prefix .. 'expiry', '-inf', now, 'LIMIT', 0, limit)
  for _, key in ipairs(expired) do delete_record(key) end
end

local function publish(id, what, keys)
  if #keys > 0 then redis.call('PUBLISH', prefix .. 'changes', id .. ' ' .. what .. ' ' .. table.concat(keys, ' ')) end
end
`

const script = (body: string) => ({ numberOfKeys: 1, lua: COMMON + body })

export const SCRIPTS = {
  /** prefix, key, subject, sid, sealed, expires, ttl -> 1, or 0 when the key is taken */
  sessionCreate: script(`
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    sweep(100)
    write_record(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], 1, tonumber(ARGV[7]))
    redis.call('ZADD', prefix .. 'order', redis.call('INCR', prefix .. 'seq'), ARGV[2])
    return 1`),

  /** prefix, key, subject, sid, sealed, expires, ttl, revision, id -> new revision, or 0 */
  sessionReplace: script(`
    if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[8] then return 0 end
    for _, index in ipairs(indexes(ARGV[2])) do redis.call('ZREM', index, ARGV[2]) end
    local revision = tonumber(ARGV[8]) + 1
    write_record(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], revision, tonumber(ARGV[7]))
    publish(ARGV[9], 'changed', { ARGV[2] })
    return revision`),

  /** prefix, key, expires, ttl */
  sessionTouch: script(`
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('HSET', KEYS[1], 'expires', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    local at = now + tonumber(ARGV[4])
    for _, index in ipairs(indexes(ARGV[2])) do add_to_index(index, ARGV[2], at) end
    redis.call('ZADD', prefix .. 'expiry', at, ARGV[2])
    return 1`),

  /** prefix, key, id -> 1 when there was a record, else 0 */
  sessionEnd: script(`
    local existed = delete_record(ARGV[2])
    publish(ARGV[3], 'ended', { ARGV[2] })
    return existed`),

  /** KEYS[1] the index; prefix, id, subject or '' for any -> the ended keys */
  sessionEndIndexed: script(`
    local ended = {}
    for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
      local matches = ARGV[3] == '' or redis.call('HGET', prefix .. 's:' .. key, 'subject') == ARGV[3]
      if matches and delete_record(key) == 1 then ended[#ended + 1] = key end
    end
    if ARGV[3] == '' then redis.call('DEL', KEYS[1]) end
    publish(ARGV[2], 'ended', ended)
    return ended`),

  /** KEYS[1] the order; prefix, offset, limit -> { total, { key, ttl, subject, sid, sealed, expires, revision }, ... } */
  sessionList: script(`
    sweep(1000)
    local page = { redis.call('ZCOUNT', prefix .. 'expiry', '(' .. now, '+inf') }
    local last = tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1
    for _, key in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[2], last)) do
      local record = prefix .. 's:' .. key
      local fields = redis.call('HMGET', record, 'subject', 'sid', 'sealed', 'expires', 'revision')
      if fields[1] then page[#page + 1] = { key, redis.call('PTTL', record), unpack(fields) } end
    end
    return page`),

  /** KEYS[1] the lease; prefix, ttl -> its token, or 0 when another holder has it */
  leaseAcquire: script(`
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    local token = redis.call('INCR', prefix .. 'token')
    redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
    return token`),

  /** KEYS[1] the lease; prefix, token, ttl -> 1 when it is still held */
  leaseRenew: script(`
    if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[3])`),

  /** KEYS[1] the lease; prefix, token */
  leaseRelease: script(`
    if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
    return redis.call('DEL', KEYS[1])`),

  /** KEYS[1] the journal; prefix, keep, age limit, then ID, age and text of each entry. Each text begins with its time. -> entries left */
  journalAppend: script(`
    local entries = KEYS[1] .. ':entries'
    local times = KEYS[1] .. ':times'
    for i = 4, #ARGV, 3 do
      if redis.call('HSETNX', entries, ARGV[i], ARGV[i + 2]) == 1 then
        redis.call('ZADD', KEYS[1], redis.call('INCR', prefix .. 'seq'), ARGV[i])
        redis.call('ZADD', times, now - tonumber(ARGV[i + 1]), ARGV[i])
      end
    end
    local function remove(ids)
      for _, id in ipairs(ids) do
        redis.call('HDEL', entries, id)
        redis.call('ZREM', KEYS[1], id)
        redis.call('ZREM', times, id)
      end
    end
    remove(redis.call('ZRANGEBYSCORE', times, '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 1000))
    remove(redis.call('ZRANGE', KEYS[1], 0, -1 - tonumber(ARGV[2])))
    for _, key in ipairs({ KEYS[1], entries, times }) do redis.call('PEXPIRE', key, ARGV[3]) end
    return redis.call('ZCARD', KEYS[1])`),

  /** KEYS[1] the journal; prefix, offset, limit -> ID and text of each entry in turn, newest first */
  journalRead: script(`
    local page = {}
    local last = tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1
    for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[2], last)) do
      page[#page + 1] = id
      page[#page + 1] = redis.call('HGET', KEYS[1] .. ':entries', id)
    end
    return page`),
} as const

type Argument = string | number

declare module 'ioredis' {
  interface RedisCommander<Context extends ClientContext> {
    sessionCreate(key: string, ...args: Argument[]): Result<number, Context>
    sessionReplace(key: string, ...args: Argument[]): Result<number, Context>
    sessionTouch(key: string, ...args: Argument[]): Result<number, Context>
    sessionEnd(key: string, ...args: Argument[]): Result<number, Context>
    sessionEndIndexed(key: string, ...args: Argument[]): Result<string[], Context>
    sessionList(key: string, ...args: Argument[]): Result<[number, ...[string, number, ...string[]][]], Context>
    leaseAcquire(key: string, ...args: Argument[]): Result<number, Context>
    leaseRenew(key: string, ...args: Argument[]): Result<number, Context>
    leaseRelease(key: string, ...args: Argument[]): Result<number, Context>
    journalAppend(key: string, ...args: Argument[]): Result<number, Context>
    journalRead(key: string, ...args: Argument[]): Result<string[], Context>
  }
}
