#!lua name=balanced_call_2
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
-- Numbers that tell of one limit, and of one that is charged.
local FIELDS = 9
local CHARGED = FIELDS + 3
-- Of a window that starts anew this share is never lent ahead.
local UNLENT = 0.01

local born

local function clock()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  if not born then
    -- Two versions of these functions must agree on it, or each would take the other for a server of before.
    local info = redis.pcall('INFO', 'server')
    born = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or string.format('%.0f', now * 1000)
    born = string.sub(born, 1, 16)
  end
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
  local entries, quantum, cell = limit.entries, limit.period / QUANTA, nil
  for i = 2, #list - 1, 2 do
    local at, units = list[i], list[i + 1]
    if at > ended then
      -- What was lent has ended long since, and need not stay an entry of its own.
      local own = at < now - quantum and math.floor(at / quantum) or nil
      if own and own == cell then
        entries[#entries - 1] = at
        entries[#entries] = entries[#entries] + units
      else
        entries[#entries + 1] = at
        entries[#entries + 1] = units
      end
      cell = own
      limit.sum = limit.sum + units
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

-- The end of the last entry that is not later: what is lent lies ahead.
local function before(entries, at)
  local last = #entries
  while last > 0 and entries[last - 1] > at do last = last - 2 end
  return last
end

local function insert(limit, at, units)
  local entries = limit.entries
  local last = before(entries, at)
  table.insert(entries, last + 1, at)
  table.insert(entries, last + 2, units)
end

function take.sliding(limit, now, units)
  local entries = limit.entries
  limit.sum = limit.sum + units
  local last = before(entries, now)
  if last > 0 and now - limit.opened < limit.period / QUANTA then
    entries[last - 1] = now
    entries[last] = entries[last] + units
  else
    insert(limit, now, units)
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
  local ended = mark <= now - limit.period - limit.guard
  for i = 1, #limit.entries, 2 do
    if not ended and limit.entries[i] >= mark - 0.01 then
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

-- Lends units that are used later, until a moment that comes back: half of what is left at most, so that others find room, and half
-- of what is wanted at least. Whoever counts them as used at that moment, or as used from now on, must find them charged.
local lend = {}

function lend.bucket(limit, now, _, half)
  -- It refills meanwhile, and where it is full, that would be room which a provider has not.
  local top = math.max(0, limit.capacity - rate(limit) * (limit.guard + limit.life))
  local units = half(math.min(limit.level, top))
  if units > 0 then limit.level = math.min(limit.level, top) - units end
  return units, now
end

function lend.sliding(limit, _, till, half)
  local units = half(room.sliding(limit))
  if units > 0 then
    insert(limit, till, units)
    limit.sum = limit.sum + units
  end
  return units, till
end

function lend.fixed(limit, _, _, half)
  local spare = room.fixed(limit)
  local units = spare > limit.amount * UNLENT * 2 and half(spare) or 0
  limit.used = limit.used + units
  return units, limit.from
end

local function ahead(limit, now)
  limit.lent, limit.till = 0, now
  if limit.ahead <= 0 or limit.shape == 'places' then return end
  local till = now + limit.life
  -- What is used so late that it may arrive in the next window is never lent.
  if limit.shape == 'fixed' then till = math.min(till, limit.to - limit.guard) end
  if till - now < limit.life / 4 then return end
  local whole = limit.ahead == math.floor(limit.ahead)
  local function half(spare)
    local units = math.min(limit.ahead, spare / 2)
    if whole then units = math.floor(units) end
    return units >= limit.ahead / 2 and units or 0
  end
  limit.lent, limit.lentAt = lend[limit.shape](limit, now, till, half)
  limit.till = till
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

-- Where there is plenty a replica's own count is good enough until its next beat, and long states cost more than all else.
local function newsOf(limit, now)
  if limit.shape ~= 'places' and room[limit.shape](limit) >= limit.amount / 2 then return '' end
  return stateOf(limit, now)
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
local function reply(now, head, limits, tellOf)
  local out = { moment(now), born }
  for _, each in ipairs(head) do out[#out + 1] = each end
  for _, limit in ipairs(limits) do
    out[#out + 1] = limit.mark and moment(limit.mark) or ''
    out[#out + 1] = (tellOf or stateOf)(limit, now)
  end
  return out
end

-- What one candidate has to wait for, and which of its limits makes it wait.
local function waitFor(limits, first, last, now)
  local longest, worst = 0, 0
  for i = first, last do
    local limit = limits[i]
    if room[limit.shape](limit) < limit.need - HAIR then
      local after = math.max(0.1, wait[limit.shape](limit, now))
      limit.isShort = true
      if after > longest then longest, worst = after, i end
    end
  end
  return longest, worst
end

local function charge(limit, lease, ttl, now)
  if limit.shape == 'places' then
    redis.call('ZADD', limit.key, now + ttl, lease)
    redis.call('PEXPIRE', limit.key, math.ceil(ttl * 2))
    limit.used = limit.used + 1
    return
  end
  if limit.cost ~= 0 then limit.mark = take[limit.shape](limit, now, limit.cost) end
  ahead(limit, now)
  store(limit, now)
end

-- KEYS: the limits of each candidate. ARGV: lease, milliseconds that its places live, '1' to take whatever there is, the number of
-- candidates, how many limits each has; then for each limit its nine numbers, the units to charge, the units to lend beside
-- them, and for how long. The first candidate whose limits all have room is taken, all or nothing. Gives now, born, which one (0: none),
-- the least wait in milliseconds, the number of the limit that makes it wait, then for each limit its mark and state, the units lent,
-- for how long, and their mark; nothing of candidates that were not looked at.
local function acquire(keys, args)
  local now = clock()
  local lease, ttl, force, count = args[1], tonumber(args[2]), args[3] == '1', tonumber(args[4])
  local limits, taken, least, worst, first = {}, 0, nil, 0, 1
  for candidate = 1, count do
    local last = first + tonumber(args[4 + candidate]) - 1
    for i = first, last do
      local at = 5 + count + (i - 1) * CHARGED
      local limit = describe(keys[i], args, at)
      limit.cost, limit.ahead, limit.life = tonumber(args[at + 9]), tonumber(args[at + 10]), tonumber(args[at + 11])
      load(limit, now)
      limits[i] = limit
    end
    local longest, slowest = waitFor(limits, first, last, now)
    if longest == 0 or force then
      for i = first, last do charge(limits[i], lease, ttl, now) end
      taken, least, worst = candidate, 0, 0
      break
    end
    if not least or longest < least then least, worst = longest, slowest end
    first = last + 1
  end
  local out = { moment(now), born, tostring(taken), moment(least or 0), tostring(worst) }
  for _, limit in ipairs(limits) do
    if taken == 0 and limit.isShort then redis.call('SET', limit.key .. ':w', '1', 'PX', LISTENS) end
    local lent = limit.lent and limit.lent > 0
    out[#out + 1] = limit.mark and moment(limit.mark) or ''
    out[#out + 1] = newsOf(limit, now)
    out[#out + 1] = lent and text(limit.lent) or ''
    out[#out + 1] = lent and moment(limit.till - now) or ''
    out[#out + 1] = lent and moment(limit.lentAt) or ''
  end
  return out
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
  return reply(now, {}, limits, newsOf)
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

-- KEYS: the set of replicas, the set of those that speak this version or a later one, then the places that it holds. ARGV: its name,
-- milliseconds that it counts as living, then for each place the lease and the milliseconds that it lives on. Gives now, born, how
-- many live, their names, and the names of those who speak it.
local function hello(keys, args)
  local now = clock()
  local names = {}
  for i = 1, 2 do
    redis.call('ZREMRANGEBYSCORE', keys[i], '-inf', now)
    redis.call('ZADD', keys[i], now + args[2], args[1])
    local living = redis.call('ZRANGE', keys[i], 0, -1)
    if i == 1 then names[1] = tostring(#living) end
    for _, name in ipairs(living) do names[#names + 1] = name end
  end
  for i = 3, #keys do
    redis.call('ZADD', keys[i], now + args[i * 2 - 2], args[i * 2 - 3])
    redis.call('PEXPIRE', keys[i], math.ceil(args[i * 2 - 2] * 2))
  end
  return reply(now, names, {})
end

local function goodbye(keys, args)
  for _, key in ipairs(keys) do redis.call('ZREM', key, args[1]) end
  return 1
end

redis.register_function('balanced_call_2_acquire', acquire)
redis.register_function('balanced_call_2_settle', settle)
redis.register_function('balanced_call_2_peek', peek)
redis.register_function('balanced_call_2_merge', merge)
redis.register_function('balanced_call_2_hello', hello)
redis.register_function('balanced_call_2_goodbye', goodbye)
