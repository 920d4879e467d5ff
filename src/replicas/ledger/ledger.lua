#!lua name=balanced_call_4
-- The limits that replicas share, by the clock of this server. A window is one string: when this server was born, then the
-- numbers of its shape; places under way are a sorted set of leases by the moment when they lapse. Times are milliseconds.
--
-- The name carries the version: replicas of two versions run side by side, each with its own functions, on the same keys. So
-- what is kept looks as it did in the versions before; what replicas ask for and hear may change with each.

-- Of an upstream's limit this much may have been lost with the last writes of a server before this one.
local LOST = 1000
-- Takings within this share of a period are one entry, which ends with its youngest.
local QUANTA = 240
-- Sliding windows that are remembered as more than a string: some 20 kB each, when full.
local LISTS = 1000
-- How long those who were refused hear of what is given back.
local LISTENS = 60000
local HAIR = 1e-9
local NEVER = 1e15
-- Of a window that starts anew this share is never lent ahead.
local UNLENT = 0.01

-- Limits whose description is remembered.
local KINDS = 2000

-- While functions are loaded there is no library but the server's own, so these are found by the first call.
local match, format, floor

local born
-- The moment of this call, and how it is written: most moments that are told or kept are this one.
local present, spoken

local function clock()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  if not born then
    match, format, floor = string.match, string.format, math.floor
    -- Two versions of these functions must agree on it, or each would take the other for a server of before.
    local info = redis.pcall('INFO', 'server')
    born = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or format('%.0f', now * 1000)
    born = string.sub(born, 1, 16)
  end
  spoken = format('%.2f', now)
  -- What is counted is what is told: a mark that comes back finds what it marked.
  present = tonumber(spoken)
  return present
end

-- Fractions cost ten times what whole numbers do.
local function text(number)
  if number == floor(number) and number < NEVER and number > -NEVER then return format('%d', number) end
  return format('%.12g', number)
end

local function moment(number)
  if number == present then return spoken end
  if number == floor(number) then return format('%d', number) end
  return format('%.2f', number)
end

local function numbers(raw, from)
  local list = {}
  for word in string.gmatch(string.sub(raw, from), '[^,]+') do list[#list + 1] = tonumber(word) end
  return list
end

local WORDS = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'
local kinds, known = {}, 0

-- What one limit is: shape, amount, period, guard, capacity, start and end of the frame that holds this moment, end of the next one,
-- and whether its units are whole. The same words come with each request.
local function kindOf(words)
  local kind = kinds[words]
  if kind then return kind end
  if known >= KINDS then kinds, known = {}, 0 end
  local shape, amount, period, guard, capacity, from, to, next, whole = match(words, WORDS)
  kind = {
    shape = shape, amount = tonumber(amount), period = tonumber(period), guard = tonumber(guard),
    capacity = tonumber(capacity), from = tonumber(from), to = tonumber(to), next = tonumber(next), isWhole = whole == '1',
  }
  kinds[words], known = kind, known + 1
  return kind
end

-- A limit of this call: all of it in one place, so that the table never grows.
local function limitOf(key, words, raw)
  local kind = kindOf(words)
  return {
    key = key, shape = kind.shape, amount = kind.amount, period = kind.period, guard = kind.guard, capacity = kind.capacity,
    from = kind.from, to = kind.to, next = kind.next, isWhole = kind.isWhole, raw = raw, isOpen = false, isChanged = false,
    isFreed = false, isShort = false, isDoubted = false, level = 0, used = 0, late = 0, list = false, lives = 0,
  }
end

local function rate(limit) return limit.amount / limit.period end

-- What is kept of a bucket, and of a fixed window. What is none of ours, as an operator may have put there, is as good as nothing.
local TWO = '^(-?[%d.]+),(-?[%d.e+-]+)$'
local FOUR = '^(%d[%d.]*),(%d[%d.]*),(-?[%d.e+-]+),(-?[%d.e+-]+)$'

local open = {}

function open.bucket(limit, now, raw, from)
  limit.level = limit.capacity
  if not raw then return end
  local at, level = match(raw, TWO, from)
  if not level then return end
  limit.level = math.min(limit.capacity, level + math.max(0, now - at) * rate(limit))
end

-- What a sliding window has taken, oldest first: moments, units, and how each is written, from `first` to `last`. To read and write
-- hundreds of numbers costs ten times all else, so a list is remembered with the string that was made of it.
local lists, remembered = {}, 0

local function add(list, at, units)
  local last = list.last + 1
  list.at[last], list.units[last], list.words[last], list.last = at, units, false, last
  list.sum = list.sum + units
end

local function listOf(raw, from, now, quantum)
  local list = { at = {}, units = {}, words = {}, first = 1, last = 0, sum = 0, opened = 0 }
  if not raw then return list end
  local parts, cell = numbers(raw, from), nil
  list.opened = parts[1] or 0
  for i = 2, #parts - 1, 2 do
    local at, units = parts[i], parts[i + 1]
    -- What was lent has ended long since, and need not stay an entry of its own.
    local own = at < now - quantum and floor(at / quantum) or nil
    if own and own == cell then
      local last = list.last
      list.at[last], list.units[last] = at, list.units[last] + units
      list.sum = list.sum + units
    else
      add(list, at, units)
    end
    cell = own
  end
  return list
end

-- Whoever changes a list keeps it anew, or it is forgotten: a call that fails on the way leaves none that nobody has kept.
local function recall(key, raw)
  local list = lists[key]
  if not list then return end
  lists[key], remembered = nil, remembered - 1
  if list.raw == raw then return list end
end

local function remember(key, raw, list)
  if remembered >= LISTS then lists, remembered = {}, 0 end
  list.raw = raw
  lists[key], remembered = list, remembered + 1
end

-- Entries that have ended stay in the tables for a while, before `first`.
local function compact(list)
  local gone = list.first - 1
  list.sum = 0
  for i = 1, list.last - gone do
    list.at[i], list.units[i], list.words[i] = list.at[i + gone], list.units[i + gone], list.words[i + gone]
    list.sum = list.sum + list.units[i]
  end
  for i = list.last - gone + 1, list.last do list.at[i], list.units[i], list.words[i] = nil, nil, nil end
  list.first, list.last = 1, list.last - gone
end

function open.sliding(limit, now, raw, from)
  local list = raw and recall(limit.key, raw)
  if not list or list.last - list.first > QUANTA * 2 then
    list = listOf(raw, from, now, limit.period / QUANTA)
  end
  local ended = now - limit.period - limit.guard
  while list.first <= list.last and list.at[list.first] <= ended do
    list.sum = list.sum - list.units[list.first]
    list.first = list.first + 1
  end
  if list.first > 50 then compact(list) end
  limit.list = list
end

function open.fixed(limit, now, raw, start)
  while now >= limit.to do limit.from, limit.to, limit.next = limit.to, limit.next, limit.next * 2 - limit.to end
  if not raw then return end
  local from, to, used, late = match(raw, FOUR, start)
  if not late then return end
  from, to = tonumber(from), tonumber(to)
  if from == limit.from then limit.used, limit.late = tonumber(used), tonumber(late)
  -- What left just before the boundary may arrive after it.
  elseif to == limit.from then limit.used = tonumber(late)
  -- The replica's frame is behind: the later one counts.
  elseif from > limit.from then limit.from, limit.to, limit.used, limit.late = from, to, tonumber(used), tonumber(late) end
end

function open.places(limit, now)
  redis.call('ZREMRANGEBYSCORE', limit.key, '-inf', now)
  limit.used = redis.call('ZCARD', limit.key)
end

local room = {}
function room.bucket(limit) return limit.level end
function room.sliding(limit) return limit.amount - limit.list.sum end
function room.fixed(limit) return limit.amount - limit.used end
function room.places(limit) return limit.amount - limit.used end

-- Milliseconds until the units are free, when nobody else takes any.
local wait = {}

function wait.bucket(limit, need)
  if need > limit.capacity + HAIR then return NEVER end
  return (need - limit.level) / rate(limit)
end

function wait.sliding(limit, need, now)
  if need > limit.amount + HAIR then return NEVER end
  local list = limit.list
  local missing = list.sum + need - limit.amount
  for i = list.first, list.last do
    missing = missing - list.units[i]
    if missing <= HAIR then return list.at[i] + limit.period + limit.guard - now end
  end
  return limit.period + limit.guard
end

function wait.fixed(limit, need, now)
  if need > limit.amount + HAIR then return NEVER end
  return (limit.late + need <= limit.amount + HAIR and limit.to or limit.next) - now
end

function wait.places(limit, _, now)
  local first = redis.call('ZRANGE', limit.key, 0, 0, 'WITHSCORES')
  return first[2] and math.max(1, first[2] - now) or 1
end

-- Takes units; the mark that comes back says when, for `give`.
local take = {}

function take.bucket(limit, now, units)
  limit.level = math.min(limit.level, math.max(0, limit.capacity - rate(limit) * limit.guard)) - units
  return now
end

-- The last entry that is not later: what is lent lies ahead.
local function before(list, at)
  local last = list.last
  while last >= list.first and list.at[last] > at do last = last - 1 end
  return last
end

local function insert(list, at, units)
  add(list, at, units)
  for i = list.last - 1, list.first, -1 do
    if list.at[i] <= at then return end
    list.at[i], list.units[i], list.words[i], list.at[i + 1], list.units[i + 1], list.words[i + 1] =
      at, units, false, list.at[i], list.units[i], list.words[i]
  end
end

function take.sliding(limit, now, units)
  local list = limit.list
  local last = before(list, now)
  if last >= list.first and now - list.opened < limit.period / QUANTA then
    list.at[last], list.units[last], list.words[last] = now, list.units[last] + units, false
    list.sum = list.sum + units
  else
    insert(list, now, units)
    list.opened = now
  end
  return list.opened
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
  local list = limit.list
  -- Younger entries are more often meant.
  local i = before(list, mark - 0.01) + 1
  while i > list.first and list.at[i - 1] >= mark - 0.01 do i = i - 1 end
  if mark > now - limit.period - limit.guard and i <= list.last then
    list.units[i], list.words[i] = list.units[i] - units, false
    list.sum = list.sum - units
  -- Its entry has ended; what was used beyond it is charged now.
  elseif units < 0 then
    take.sliding(limit, now, -units)
  end
end

function give.fixed(limit, now, units, mark)
  if mark == limit.from then limit.used = math.max(0, limit.used - units)
  elseif units < 0 then take.fixed(limit, now, -units) end
end

-- Lends units that are used later, until a moment that comes back: half of what is left at most, so that others find room, and half
-- of what is wanted at least. Whoever counts them as used at that moment, or as used from now on, must find them charged.
local lend = {}

function lend.bucket(limit, now, _, half, life)
  -- It refills meanwhile, and where it is full, that would be room which a provider has not.
  local top = math.max(0, limit.capacity - rate(limit) * (limit.guard + life))
  local units = half(math.min(limit.level, top))
  if units > 0 then limit.level = math.min(limit.level, top) - units end
  return units, now
end

function lend.sliding(limit, _, till, half)
  local units = half(room.sliding(limit))
  if units > 0 then insert(limit.list, till, units) end
  return units, till
end

function lend.fixed(limit, _, _, half)
  local spare = room.fixed(limit)
  local units = spare > limit.amount * UNLENT * 2 and half(spare) or 0
  limit.used = limit.used + units
  return units, limit.from
end

-- Gives the units lent, until when, and their mark; nothing where there is too little.
local function ahead(limit, now, wanted, life)
  local till = now + life
  -- What is used so late that it may arrive in the next window is never lent.
  if limit.shape == 'fixed' then till = math.min(till, limit.to - limit.guard) end
  if till - now < life / 4 then return end
  local whole = wanted == floor(wanted)
  local function half(spare)
    local units = math.min(wanted, spare / 2)
    if whole then units = floor(units) end
    return units >= wanted / 2 and units or 0
  end
  local units, mark = lend[limit.shape](limit, now, till, half, life)
  if units > 0 then return units, till, mark end
end

local pack = {}
function pack.bucket(limit, now) return moment(now) .. ',' .. text(limit.level) end
function pack.fixed(limit)
  return moment(limit.from) .. ',' .. moment(limit.to) .. ',' .. text(limit.used) .. ',' .. text(limit.late)
end
function pack.sliding(limit)
  local list = limit.list
  local words = list.words
  for i = list.first, list.last do
    if not words[i] then words[i] = ',' .. moment(list.at[i]) .. ',' .. text(list.units[i]) end
  end
  return moment(list.opened) .. table.concat(words, '', list.first, list.last)
end
function pack.places(limit) return text(limit.used) end

local function stateOf(limit, now) return pack[limit.shape](limit, now) end

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

local function opened(limit, now)
  if limit.isOpen then return limit end
  limit.isOpen = true
  if limit.shape == 'places' then
    open.places(limit, now)
    return limit
  end
  local raw = limit.raw
  local mark = raw and string.find(raw, ';', 1, true)
  open[limit.shape](limit, now, mark and raw, mark and mark + 1)
  -- Kept by another server: its last writes may not have come over, so the last second counts as busy.
  if mark and string.sub(raw, 1, mark - 1) ~= born then
    limit.isDoubted = true
    local units = math.min(limit.amount, rate(limit) * LOST)
    local isWhole = limit.isWhole and limit.shape ~= 'bucket'
    take[limit.shape](limit, now, isWhole and math.ceil(units) or units)
  end
  return limit
end

-- Keeps what the calls of one turn have changed, and tells those who were refused of what was given back.
local function close(limit, now)
  if limit.shape == 'places' then
    if limit.lives > 0 then redis.call('PEXPIRE', limit.key, math.ceil(limit.lives * 2)) end
  elseif limit.isChanged then
    local raw = born .. ';' .. stateOf(limit, now)
    redis.call('SET', limit.key, raw, 'PX', math.ceil(life(limit, now)))
    if limit.list then remember(limit.key, raw, limit.list) end
  elseif limit.list and limit.raw and not limit.isDoubted then
    remember(limit.key, limit.raw, limit.list)
  end
  if limit.isShort then redis.call('SET', limit.key .. ':w', '1', 'PX', LISTENS) end
  if limit.isFreed and redis.call('EXISTS', limit.key .. ':w') == 1 then
    redis.call('PUBLISH', limit.key, moment(now) .. ';' .. born .. ';' .. stateOf(limit, now))
  end
end

-- Gives the mark, and what was lent beside it.
local function charge(part, lease, ttl, now)
  local limit = part.limit
  if limit.shape == 'places' then
    redis.call('ZADD', limit.key, now + ttl, lease)
    limit.used = limit.used + 1
    limit.lives = math.max(limit.lives, ttl)
    return
  end
  limit.isChanged = true
  if part.cost ~= 0 then part.mark = take[limit.shape](limit, now, part.cost) end
  if part.ahead > 0 then part.lent, part.till, part.lentAt = ahead(limit, now, part.ahead, part.life) end
end

-- Mark, state, units lent, for how long, and their mark; as far as there are any. No mark: this moment.
local function told(part, now)
  local mark = part.mark and part.mark ~= now and moment(part.mark) or ''
  local news = newsOf(part.limit, now)
  if part.lent then
    return format('%s %s %s %s %s', mark, news, text(part.lent), moment(part.till - now), moment(part.lentAt))
  end
  return news == '' and mark or mark .. ' ' .. news
end

-- What a call does with its words, from a place in the arguments to another.
local does = {}

-- Words: lease, milliseconds that its places live, '1' to take whatever there is, the number of candidates, how many limits each has;
-- then for each limit its number, the units that must be free and those to charge; where the number is negative, also the units to
-- lend beside them, and for how long. The first candidate whose limits all have room is taken, all or nothing. Gives which one (0:
-- none), the least wait in milliseconds, the place of the limit that makes it wait; then each limit's news, of candidates that were
-- looked at.
function does.acquire(limits, args, at, _, now)
  local lease, ttl, force, count = args[at], tonumber(args[at + 1]), args[at + 2] == '1', tonumber(args[at + 3])
  local sizes = at + 3
  at = sizes + count + 1
  local parts, taken, least, worst = {}, 0, nil, 0
  for candidate = 1, count do
    local first, longest, slowest = #parts + 1, 0, 0
    for i = first, first + args[sizes + candidate] - 1 do
      local place = tonumber(args[at])
      local limit = opened(limits[math.abs(place)], now)
      local part = {
        limit = limit, need = tonumber(args[at + 1]), cost = tonumber(args[at + 2]), ahead = 0, life = 0, isShort = false,
        mark = false, lent = false, till = 0, lentAt = 0,
      }
      at = at + 3
      if place < 0 then
        part.ahead, part.life = tonumber(args[at]), tonumber(args[at + 1])
        at = at + 2
      end
      parts[i] = part
      if not force and room[limit.shape](limit) < part.need - HAIR then
        local after = math.max(0.1, wait[limit.shape](limit, part.need, now))
        part.isShort = true
        if after > longest then longest, slowest = after, i end
      end
    end
    if longest == 0 then
      for i = first, #parts do charge(parts[i], lease, ttl, now) end
      taken, least, worst = candidate, 0, 0
      break
    end
    if not least or longest < least then least, worst = longest, slowest end
  end
  local out = { taken .. ' ' .. moment(least or 0) .. ' ' .. worst }
  for i, part in ipairs(parts) do
    if taken == 0 and part.isShort then part.limit.isShort = true end
    out[i + 1] = told(part, now)
  end
  return table.concat(out, ';')
end

-- The end of a lease. Words: lease, milliseconds for which it must not count twice or '0'; then for each limit its number, the mark,
-- the units to give back at it, and the units to charge now. Gives each limit's news.
function does.settle(limits, args, at, stop, now)
  local lease = args[at]
  local once = limits[tonumber(args[at + 2])]
  if args[at + 1] ~= '0' and not redis.call('SET', once.key .. ':s:' .. lease, '1', 'NX', 'PX', args[at + 1]) then return '' end
  local out = {}
  for i = at + 2, stop - 1, 4 do
    local limit = limits[tonumber(args[i])]
    local mark, back, more = tonumber(args[i + 1]), tonumber(args[i + 2]), tonumber(args[i + 3])
    if limit.shape == 'places' then
      opened(limit, now)
      if redis.call('ZREM', limit.key, lease) > 0 then
        limit.used = limit.used - 1
        limit.isFreed = true
      end
    else
      opened(limit, now)
      if back ~= 0 then give[limit.shape](limit, now, back, mark) end
      if more > 0 then take[limit.shape](limit, now, more) end
      limit.isChanged = true
      if back > more then limit.isFreed = true end
    end
    out[#out + 1] = newsOf(limit, now)
  end
  return table.concat(out, ';')
end

-- Words: for each limit its number. Gives their states.
function does.peek(limits, args, at, stop, now)
  local out = {}
  for i = at, stop - 1 do out[#out + 1] = stateOf(opened(limits[tonumber(args[i])], now), now) end
  return table.concat(out, ';')
end

-- What a replica remembers, after a server that may remember less. Words: for each limit its number, and the room that it knows of.
-- Gives their states.
function does.merge(limits, args, at, stop, now)
  local out = {}
  for i = at, stop - 1, 2 do
    local limit = opened(limits[tonumber(args[i])], now)
    local knows = tonumber(args[i + 1])
    local excess = room[limit.shape](limit) - knows
    if limit.shape ~= 'places' and excess > HAIR then
      if limit.shape == 'bucket' then limit.level = knows else take[limit.shape](limit, now, excess) end
      limit.isChanged = true
    end
    out[#out + 1] = stateOf(limit, now)
  end
  return table.concat(out, ';')
end

-- The calls of one turn of a replica's event loop, one after another. KEYS: the limits that they touch. ARGV: what each of these is
-- (`kindOf`); then for each call its name, how many words it has, and these words. Gives now, born, then what each call gives.
local function calls(keys, args)
  local now = clock()
  local raws = redis.call('MGET', unpack(keys))
  local limits = {}
  for i, key in ipairs(keys) do limits[i] = limitOf(key, args[i], raws[i]) end
  local out, at = { spoken, born }, #keys + 1
  while args[at] do
    local stop = at + 2 + args[at + 1]
    out[#out + 1] = does[args[at]](limits, args, at + 2, stop, now)
    at = stop
  end
  for _, limit in ipairs(limits) do
    if limit.isOpen then close(limit, now) end
  end
  return out
end

-- KEYS: the set of replicas, the set of those that know of slices, the set of those that owe nothing, then the places that it holds.
-- ARGV: its name, milliseconds that it counts as living, when it heard this server last if it then owed nothing of what it took in its
-- absence, or '', then for each place the lease and the milliseconds that it lives on. Gives now, born, how many live, their names, and
-- the names of those who know of slices.
local function hello(keys, args)
  local now = clock()
  local out = { spoken, born }
  for i = 1, 2 do
    redis.call('ZREMRANGEBYSCORE', keys[i], '-inf', now)
    redis.call('ZADD', keys[i], now + args[2], args[1])
    local living = redis.call('ZRANGE', keys[i], 0, -1)
    if i == 1 then out[3] = tostring(#living) end
    for _, name in ipairs(living) do out[#out + 1] = name end
  end
  redis.call('ZREMRANGEBYSCORE', keys[3], '-inf', now)
  if args[3] ~= '' then redis.call('ZADD', keys[3], args[3] + args[2], args[1]) end
  for i = 4, #keys do
    redis.call('ZADD', keys[i], now + args[i * 2 - 3], args[i * 2 - 4])
    redis.call('PEXPIRE', keys[i], math.ceil(args[i * 2 - 3] * 2))
  end
  return out
end

local function goodbye(keys, args)
  for _, key in ipairs(keys) do redis.call('ZREM', key, args[1]) end
  return 1
end

redis.register_function('balanced_call_4_calls', calls)
redis.register_function('balanced_call_4_hello', hello)
redis.register_function('balanced_call_4_goodbye', goodbye)
