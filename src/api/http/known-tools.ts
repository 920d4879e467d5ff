/**
 * Agents send the same tools with each request, and they are most of what there is to parse: tools that came before are known
 * by their bytes, and what was made of them (their normal form, their cost, each vendor's form) is made once.
 */
import { makeId } from './request-id.ts'
import { recurs } from '../../runtime/recurring.ts'

type Body = Record<string, unknown>

export interface KnownTools {
  /** The body, where its tools are known: but for them it is parsed as any, and they stand apart. */
  read(json: Buffer): { body: Body; tools: object } | undefined
  /** Remembers the tools of a body that was parsed and taken. */
  learn(json: Buffer, body: unknown): void
}

interface Known {
  bytes: Buffer
  tools: object
  /** Where they stood: from the start of the body, or from its end, they stand there again. */
  fromStart: number
  fromEnd: number
}

/** Bytes of all that are known, how many there are, and of one: what is shorter is as soon parsed. */
const MOST = 4 * 1024 * 1024
const MOST_KNOWN = 32
const LONGEST = 256 * 1024
const SHORTEST = 1024
/** After so many that nobody sent again only some are looked at. */
const PATIENCE = 64
const SOME = 64
/** Keys of that name that are looked at. */
const TRIES = 3

const KEY = Buffer.from('"tools"')
const OPEN = 0x5b
const CLOSE = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c

export function createKnownTools(): KnownTools {
  // by chance, so that no body can hold it: it stands where the tools stood
  const mark = makeId('tools-')
  /** What was used last is last. */
  const known: Known[] = []
  let size = 0
  /** Learnt since any was sent again. */
  let idle = 0

  function read(json: Buffer): { body: Body; tools: object } | undefined {
    for (let i = known.length - 1; i >= 0; i--) {
      const each = known[i] as Known
      const at = placeOf(each, json)
      if (at < 0) continue
      const body = around(json, at, at + each.bytes.length)
      if (!body) continue
      idle = 0
      each.fromStart = at
      each.fromEnd = json.length - at
      if (i < known.length - 1) known.push(...known.splice(i, 1))
      return { body, tools: each.tools }
    }
    return undefined
  }

  /** The body with the mark for what stands there; undefined where that is not the value of its `tools`. */
  function around(json: Buffer, from: number, to: number): Body | undefined {
    try {
      const body: unknown = JSON.parse(`${json.toString('utf8', 0, from)}"${mark}"${json.toString('utf8', to)}`)
      return (body as Body | null)?.['tools'] === mark ? (body as Body) : undefined
    } catch {
      return undefined
    }
  }

  function learn(json: Buffer, body: unknown): void {
    if (typeof body !== 'object' || body === null || json.length < SHORTEST) return
    const { tools } = body as Body
    if (!Array.isArray(tools) || tools.length === 0) return
    idle++
    if (idle > PATIENCE && idle % SOME !== 0) return
    let key = json.lastIndexOf(KEY)
    for (let left = TRIES; key >= 0 && left > 0; left--) {
      const from = json.indexOf(OPEN, key)
      const to = endOf(json, from)
      if (to - from >= SHORTEST && around(json, from, to)) return keep(json, from, to)
      key = key === 0 ? -1 : json.lastIndexOf(KEY, key - 1)
    }
  }

  function keep(json: Buffer, from: number, to: number): void {
    const bytes = Buffer.from(json.subarray(from, to))
    const same = known.find((each) => each.bytes.equals(bytes))
    // the same tools in bodies of another make: two places, one value
    const tools = same?.tools ?? (JSON.parse(bytes.toString()) as object)
    recurs(tools)
    known.push({ bytes: same?.bytes ?? bytes, tools, fromStart: from, fromEnd: json.length - from })
    size += bytes.length
    while (known.length > MOST_KNOWN || size > MOST) size -= known.shift()?.bytes.length ?? 0
  }

  return { read, learn }
}

/** Where they stand in this body; -1 for nowhere. */
function placeOf({ bytes, fromStart, fromEnd }: Known, json: Buffer): number {
  if (isAt(bytes, json, json.length - fromEnd)) return json.length - fromEnd
  return isAt(bytes, json, fromStart) ? fromStart : -1
}

function isAt(bytes: Buffer, json: Buffer, at: number): boolean {
  const end = at + bytes.length
  // the ends first: to compare costs more than to look
  if (at < 0 || end > json.length || json[at] !== OPEN || json[end - 1] !== CLOSE) return false
  return json.compare(bytes, 0, bytes.length, at, end) === 0
}

/** Behind the list that begins there; 0 where it does not end, or is too long. */
function endOf(json: Buffer, from: number): number {
  if (from < 0) return 0
  let depth = 0
  const most = Math.min(json.length, from + LONGEST)
  for (let at = from; at < most; at++) {
    const byte = json[at]
    if (byte === QUOTE) {
      for (at++; at < most && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++
    } else if (byte === OPEN) depth++
    else if (byte === CLOSE && --depth === 0) return at + 1
  }
  return 0
}
