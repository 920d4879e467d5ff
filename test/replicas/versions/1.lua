#!lua name=balanced_call_1
-- The limits that replicas share, by the clock of this server. A window is one string: when this server was born, then the
-- numbers of its shape; places under way are a sorted set of leases by the moment when they lapse. Times are milliseconds.
--
-- The name carries the version: replicas of two versions run side by side, each with its own functions, on the same keys.

-- Of an upstream's limit this much may have been lost with the last writes of a server before this one.
local LOST = 1000
-- Takings within this share of a period are one entry, which ends with its youngest.
local QUANTA = 240
-- How long those who were refused hear of what is given back.
local LISTENS = 60000
local HAIR = 1e-9
local NEVER = 1e15
-- Numbers that tell of one limit.
local FIELDS = 9

local born

local function clock()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  if not born then born = string.format('%.0f', now * 1000) end
  return now
end

local function text(number) return string.format('%.12g', number) end
local function moment(number) return string.format('%.2f', number) end

local function numbers(raw)
  local list = {}
  for word in string.gmatch(raw, '[^,]+') do list[#list + 1] = tonumber(word) end
  return list
end

-- What one limit is, from nine arguments: shape, amount, period, guard, capacity, start and end of the frame that holds
-- this moment, end of the next one, and the units that must be free.
local function describe(key, args, at)
  return {
    key = key, shape = args[at], amount = tonumber(args[at + 1]), period = tonumber(args[at + 2]),
    guard = tonumber(args[at + 3]), capacity = tonumber(args[at + 4]), from = tonumber(args[at + 5]),
    to = tonumber(args[at + 6]), next = tonumber(args[at + 7]), need = tonumber(args[at + 8]),
  }
end

local function rate(limit) return limit.amount / limit.period end

local open = {}

function open.bucket(limit, now, list)
  limit.level = limit.capacity
  if list then limit.level = math.min(limit.capacity, list[2] + math.max(0, now - list[1]) * rate(limit)) end
end

function open.sliding(limit, now, list)
  limit.entries, limit.sum, limit.opened = {}, 0, 0
  if not list then return end
  limit.opened = list[1]
  local ended = now - limit.period - limit.guard
  for i = 2, #list - 1, 2 do
    if list[i] > ended then
      local entries = limit.entries
      entries[#entries + 1] = list[i]
      entries[#entries + 1] = list[i + 1]
      limit.sum = limit.sum + list[i + 1]
    end
  end
end

function open.fixed(limit, now, list)
  while now >= limit.to do limit.from, limit.to, limit.next = limit.to, limit.next, limit.next * 2 - limit.to end
  limit.used, limit.late = 0, 0
  if not list then return end
  if list[1] == limit.from then limit.used, limit.late = list[3], list[4]
  -- What left just before the boundary may arrive after it.
  elseif list[2] == limit.from then limit.used = list[4]
  -- The replica's frame is behind: the later one counts.
  elseif list[1] > limit.from then limit.from, limit.to, limit.used, limit.late = list[1], list[2], list[3], list[4] end
end

function open.places(limit, now)
  redis.call('ZREMRANGEBYSCORE', limit.key, '-inf', now)
  limit.used = redis.call('ZCARD', limit.key)
end

local room = {}
function room.bucket(limit) return limit.level end
function room.sliding(limit) return limit.amount - limit.sum end
function room.fixed(limit) return limit.amount - limit.used end
function room.places(limit) return limit.amount - limit.used end

-- Milliseconds until the units are free, when nobody else takes any.
local wait = {}

function wait.bucket(limit)
  if limit.need > limit.capacity + HAIR then return NEVER end
  return (limit.need - limit.level) / rate(limit)
end

function wait.sliding(limit, now)
  if limit.need > limit.amount + HAIR then return NEVER end
  local missing = limit.sum + limit.need - limit.amount
  for i = 1, #limit.entries, 2 do
    missing = missing - limit.entries[i + 1]
    if missing <= HAIR then return limit.entries[i] + limit.period + limit.guard - now end
  end
  return limit.period + limit.guard
end

function wait.fixed(limit, now)
  if limit.need > limit.amount + HAIR then return NEVER end
  return (limit.late + limit.need <= limit.amount + HAIR and limit.to or limit.next) - now
end

function wait.places(limit, now)
  local first = redis.call('ZRANGE', limit.key, 0, 0, 'WITHSCORES')
  return first[2] and math.max(1, first[2] - now) or 1
end

-- Takes units; the mark that comes back says when, for `give`.
local take = {}

function take.bucket(limit, now, units)
  limit.level = math.min(limit.level, math.max(0, limit.capacity - rate(limit) * limit.guard)) - units
  return now
end

function take.sliding(limit, now, units)
  local entries = limit.entries
  limit.sum = limit.sum + units
  if #entries > 0 and now - limit.opened < limit.period / QUANTA then
    entries[#entries - 1] = now
    entries[#entries] = entries[#entries] + units
  else
    entries[#entries + 1] = now
    entries[#entries + 1] = units
    limit.opened = now
  end
  return limit.opened
end

function take.fixed(limit, now, units)
  limit.used = limit.used + units
  if now >= limit.to - limit.guard then limit.late = limit.late + units end
  return limit.from
end

-- Gives back what was taken at the mark; less than nothing charges more.
local give = {}

function give.bucket(limit, _, units) limit.level = math.min(limit.capacity, limit.level + units) end

function give.sliding(limit, now, units, mark)
  for i = 1, #limit.entries, 2 do
    if limit.entries[i] >= mark - 0.01 then
      limit.entries[i + 1] = limit.entries[i + 1] - units
      limit.sum = limit.sum - units
      return
    end
  end
  -- Its entry has ended; what was used beyond it is charged now.
  if units < 0 then take.sliding(limit, now, -units) end
end

function give.fixed(limit, now, units, mark)
  if mark == limit.from then limit.used = math.max(0, limit.used - units)
  elseif units < 0 then take.fixed(limit, now, -units) end
end

local pack = {}
function pack.bucket(limit, now) return moment(now) .. ',' .. text(limit.level) end
function pack.fixed(limit)
  return table.concat({ moment(limit.from), moment(limit.to), text(limit.used), text(limit.late) }, ',')
end
function pack.sliding(limit)
  local list = { moment(limit.opened) }
  for i = 1, #limit.entries, 2 do
    list[#list + 1] = moment(limit.entries[i])
    list[#list + 1] = text(limit.entries[i + 1])
  end
  return table.concat(list, ',')
end

local function stateOf(limit, now)
  if limit.shape == 'places' then return tostring(limit.used) end
  return pack[limit.shape](limit, now)
end

-- Milliseconds after which a window is as new.
local function life(limit, now)
  if limit.shape == 'fixed' then return limit.next - now + limit.guard end
  return (limit.period + limit.guard) * 2 * math.max(1, limit.capacity / limit.amount)
end

local function store(limit, now)
  if limit.shape == 'places' then return end
  redis.call('SET', limit.key, born .. ';' .. stateOf(limit, now), 'PX', math.ceil(life(limit, now)))
end

local function load(limit, now)
  if limit.shape == 'places' then return open.places(limit, now) end
  local raw = redis.call('GET', limit.key)
  local mark = raw and string.find(raw, ';', 1, true)
  open[limit.shape](limit, now, mark and numbers(string.sub(raw, mark + 1)))
  -- Kept by another server: its last writes may not have come over, so the last second counts as busy.
  if mark and string.sub(raw, 1, mark - 1) ~= born then
    local units = math.min(limit.amount, rate(limit) * LOST)
    -- Requests and tokens are whole; money is not.
    local whole = limit.shape ~= 'bucket' and limit.need == math.floor(limit.need)
    take[limit.shape](limit, now, whole and math.ceil(units) or units)
  end
end

local function tell(limit, now)
  if redis.call('EXISTS', limit.key .. ':w') == 1 then
    redis.call('PUBLISH', limit.key, moment(now) .. ';' .. born .. ';' .. stateOf(limit, now))
  end
end

-- Renewed by each: who lives, so that a replica knows what its share is when this server is away.
local function reply(now, head, limits)
  local out = { moment(now), born }
  for _, each in ipairs(head) do out[#out + 1] = each end
  for _, limit in ipairs(limits) do
    out[#out + 1] = limit.mark and moment(limit.mark) or ''
    out[#out + 1] = stateOf(limit, now)
  end
  return out
end

-- KEYS: the limits. ARGV: lease, milliseconds that its places live, '1' to take whatever there is; then for each limit its
-- nine numbers and the units to charge. All or nothing. Gives now, born, whether it was taken, the wait in milliseconds,
-- the number of the limit that makes it wait, then each limit's mark and state.
local function acquire(keys, args)
  local now = clock()
  local lease, ttl, force = args[1], tonumber(args[2]), args[3] == '1'
  local limits, longest, worst = {}, 0, 0
  for i, key in ipairs(keys) do
    local limit = describe(key, args, 4 + (i - 1) * (FIELDS + 1))
    limit.cost = tonumber(args[4 + i * (FIELDS + 1) - 1])
    load(limit, now)
    limits[i] = limit
    if not force and room[limit.shape](limit) < limit.need - HAIR then
      local after = math.max(0.1, wait[limit.shape](limit, now))
      redis.call('SET', key .. ':w', '1', 'PX', LISTENS)
      if after > longest then longest, worst = after, i end
    end
  end
  if longest == 0 then
    for _, limit in ipairs(limits) do
      if limit.shape == 'places' then
        redis.call('ZADD', limit.key, now + ttl, lease)
        redis.call('PEXPIRE', limit.key, math.ceil(ttl * 2))
        limit.used = limit.used + 1
      else
        limit.mark = take[limit.shape](limit, now, limit.cost)
        store(limit, now)
      end
    end
  end
  return reply(now, { longest == 0 and '1' or '0', moment(longest), tostring(worst) }, limits)
end

-- The end of a lease. ARGV: lease, '1' where it must not count twice, milliseconds to remember that; then for each limit its
-- nine numbers, the mark, the units to give back at it, and the units to charge now. Gives now, born, then as above.
local function settle(keys, args)
  local now = clock()
  local lease = args[1]
  if args[2] == '1' and not redis.call('SET', keys[1] .. ':s:' .. lease, '1', 'NX', 'PX', args[3]) then
    return reply(now, {}, {})
  end
  local limits = {}
  for i, key in ipairs(keys) do
    local at = 4 + (i - 1) * (FIELDS + 3)
    local limit = describe(key, args, at)
    local mark, back, more = tonumber(args[at + 9]), tonumber(args[at + 10]), tonumber(args[at + 11])
    if limit.shape == 'places' then
      local ended = redis.call('ZREM', key, lease)
      load(limit, now)
      if ended > 0 then tell(limit, now) end
    else
      load(limit, now)
      if back ~= 0 then give[limit.shape](limit, now, back, mark) end
      if more > 0 then take[limit.shape](limit, now, more) end
      store(limit, now)
      if back > more then tell(limit, now) end
    end
    limits[i] = limit
  end
  return reply(now, {}, limits)
end

-- ARGV: for each limit its nine numbers.
local function peek(keys, args)
  local now = clock()
  local limits = {}
  for i, key in ipairs(keys) do
    limits[i] = describe(key, args, 1 + (i - 1) * FIELDS)
    load(limits[i], now)
  end
  return reply(now, {}, limits)
end

-- What a replica remembers, after a server that may remember less. ARGV: for each limit its nine numbers, of which the last
-- is the room that it knows of.
local function merge(keys, args)
  local now = clock()
  local limits = {}
  for i, key in ipairs(keys) do
    local limit = describe(key, args, 1 + (i - 1) * FIELDS)
    load(limit, now)
    local excess = room[limit.shape](limit) - limit.need
    if limit.shape ~= 'places' and excess > HAIR then
      if limit.shape == 'bucket' then limit.level = limit.need else take[limit.shape](limit, now, excess) end
      store(limit, now)
    end
    limits[i] = limit
  end
  return reply(now, {}, limits)
end

-- KEYS: the set of replicas, then the places that it holds. ARGV: its name, milliseconds that it counts as living, then for
-- each place the lease and the milliseconds that it lives on. Gives now, born, and the names of those who live.
local function hello(keys, args)
  local now = clock()
  redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', now)
  redis.call('ZADD', keys[1], now + args[2], args[1])
  for i = 2, #keys do
    redis.call('ZADD', keys[i], now + args[i * 2], args[i * 2 - 1])
    redis.call('PEXPIRE', keys[i], math.ceil(args[i * 2] * 2))
  end
  return reply(now, redis.call('ZRANGE', keys[1], 0, -1), {})
end

local function goodbye(keys, args)
  redis.call('ZREM', keys[1], args[1])
  return 1
end

redis.register_function('balanced_call_1_acquire', acquire)
redis.register_function('balanced_call_1_settle', settle)
redis.register_function('balanced_call_1_peek', peek)
redis.register_function('balanced_call_1_merge', merge)
redis.register_function('balanced_call_1_hello', hello)
redis.register_function('balanced_call_1_goodbye', goodbye)
