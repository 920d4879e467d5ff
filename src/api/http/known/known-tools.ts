/**
 * Agents send the same tools with each request, and they are most of what there is to parse in a short conversation: tools that
 * came before are known by their bytes, and what was made of them (their normal form, their cost, each vendor's form) is made once.
 */
import { recurs } from '../../../runtime/recurring.ts'
import { endOf } from '../../../runtime/json/scan.ts'
import { around, type Span } from './known-span.ts'

export interface KnownTools {
  /** Where tools that came before stand in a body; whether that is the value of its `tools`, its skeleton tells. */
  find(json: Buffer): (Span & { tools: object }) | undefined
  /** Has a body that was parsed and taken, and whose tools were not found, some to be learnt? */
  isNew(body: Record<string, unknown>): boolean
  /** Remembers the tools of such a body. */
  learn(json: Buffer): void
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

/** @param mark stands for them in a skeleton */
export function createKnownTools(mark: string): KnownTools {
  /** What was used last is last. */
  const known: Known[] = []
  let size = 0
  /** Learnt since any was sent again. */
  let idle = 0

  function find(json: Buffer): (Span & { tools: object }) | undefined {
    for (let i = known.length - 1; i >= 0; i--) {
      const each = known[i] as Known
      const from = placeOf(each, json)
      if (from < 0) continue
      idle = 0
      each.fromStart = from
      each.fromEnd = json.length - from
      if (i < known.length - 1) known.push(...known.splice(i, 1))
      return { from, to: from + each.bytes.length, mark, tools: each.tools }
    }
    return undefined
  }

  function isNew({ tools }: Record<string, unknown>): boolean {
    if (!Array.isArray(tools) || tools.length === 0) return false
    idle++
    return idle <= PATIENCE || idle % SOME === 0
  }

  function learn(json: Buffer): void {
    // of those that came at once the first was learnt meanwhile
    if (find(json)) return
    let key = json.lastIndexOf(KEY)
    for (let left = TRIES; key >= 0 && left > 0; left--) {
      const from = json.indexOf(OPEN, key)
      const to = from < 0 ? 0 : endOf(json, from, Math.min(json.length, from + LONGEST))
      if (to - from >= SHORTEST && around(json, [{ from, to, mark }])?.['tools'] === mark) return keep(json, from, to)
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

  return { find, isNew, learn }
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
