/**
 * Nearly every event of a stream is the one before with another text in one place. What stands around that place is
 * compared, not parsed: four times cheaper than JSON.parse and the rules, measured on Node 26.
 */
import type { Delta } from '../chat/delta.ts'
import { isMap } from '../definition/scope.ts'

export interface Mould {
  /** The text of an event that differs from the last one learnt in its text alone; undefined for every other. */
  cast(raw: string, name: string | undefined): string | undefined
  /** Sees an event that was parsed, and the deltas that it gave: those from `first` on. */
  learn(raw: string, name: string | undefined, deltas: readonly Delta[], first: number): void
}

/** All of one JSON string: no event that is broken inside its text fits. */
// oxlint-disable-next-line no-control-regex -- JSON forbids them, so what has them is no JSON
const STRING = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$/

/** @param judged keys whose value a rule looks at: a text under such a key decides more than itself */
export function createMould(judged: ReadonlySet<string>): Mould {
  let before = ''
  let after = ''
  let event: string | undefined

  return {
    cast(raw, name) {
      const end = raw.length - after.length
      // Slices are compared in one go; startsWith goes from letter to letter.
      if (before === '' || end - before.length < 3 || name !== event) return undefined
      if (raw.slice(0, before.length) !== before || raw.slice(end) !== after) return undefined
      const literal = raw.slice(before.length, end)
      if (!STRING.test(literal)) return undefined
      return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
    },
    learn(raw, name, deltas, first) {
      const text = deltas.length === first + 1 ? textOf(deltas[first]) : undefined
      if (text === undefined || text === '') return
      const literal = JSON.stringify(text)
      const at = raw.indexOf(literal)
      // In two places: nobody can say which one was read.
      if (at < 0 || raw.includes(literal, at + 1)) return
      const key = /"([^"\\]+)"\s*:\s*$/.exec(raw.slice(0, at))?.[1]
      if (key === undefined || judged.has(key)) return
      before = raw.slice(0, at)
      after = raw.slice(at + literal.length)
      event = name
    },
  }
}

/** The text of a delta that says nothing else. */
function textOf(delta: Delta | undefined): string | undefined {
  if (delta === undefined || Object.keys(delta).length !== 1) return undefined
  return delta.chunk === undefined ? delta.text : chunkText(delta.chunk)
}

/** Of an OpenAI chunk that was passed on as it came with one choice, and text as all that its delta says. */
function chunkText(chunk: Record<string, unknown>): string | undefined {
  const { choices, usage, error } = chunk
  if (!Array.isArray(choices) || choices.length !== 1 || isSaid(usage) || isSaid(error)) return undefined
  const [choice] = choices as unknown[]
  if (!isMap(choice) || (choice['index'] ?? 0) !== 0 || !isMap(choice['delta'])) return undefined
  for (const key in choice) if (key !== 'index' && key !== 'delta' && isSaid(choice[key])) return undefined
  const said = choice['delta']
  for (const key in said) if (key !== 'content' && key !== 'role' && isSaid(said[key])) return undefined
  return typeof said['content'] === 'string' ? said['content'] : undefined
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/**
 * Can the text of a delta be told from the event's without the rules? Only where every `text` and `chunk` that is emitted
 * is a bare hole. Undefined where it is not; else the keys whose values some pattern looks at.
 */
export function judgedKeys(events: unknown): ReadonlySet<string> | undefined {
  const judged = new Set<string>()
  return walk(events, judged) ? judged : undefined
}

function walk(node: unknown, judged: Set<string>): boolean {
  if (Array.isArray(node)) return node.every((item) => walk(item, judged))
  if (!isMap(node)) return true
  return Object.entries(node).every(([key, value]) => {
    if (key === 'when') return judge(value, judged, 'when')
    if (key === 'text' || key === 'chunk') return typeof value === 'string' && HOLE.test(value)
    return walk(value, judged)
  })
}

const HOLE = /^\$[A-Za-z_]\w*$/
const BINDING = /^\$[A-Za-z_]\w*(?::text)?\??$/

function judge(pattern: unknown, judged: Set<string>, under: string): true {
  if (Array.isArray(pattern)) for (const item of pattern) judge(item, judged, under)
  else if (isMap(pattern)) for (const [key, value] of Object.entries(pattern)) judge(value, judged, key)
  else if (typeof pattern !== 'string' || !BINDING.test(pattern)) judged.add(under)
  return true
}
