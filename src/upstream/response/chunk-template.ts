/**
 * Nearly every event of a stream is the one before with another text in one place. What stands around that place is
 * compared, not parsed: four times cheaper than JSON.parse and the rules, measured on Node 26.
 */
import type { Delta } from '../../chat/delta.ts'
import { isMap } from '../../definition/scope.ts'

/** All of one JSON string: no event that is broken inside its text fits. */
// oxlint-disable-next-line no-control-regex -- JSON forbids them, so what has them is not valid JSON
const STRING = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$/

/** So many in a row were learnt, or could not be, and the next one never fitted: such a stream counts something in its events. */
const MOST_IN_VAIN = 32

export class ChunkTemplate {
  /** What stands around the text of the last event learnt; nothing was learnt while `before` is empty. */
  before = ''
  after = ''
  choice: number | undefined
  private event: string | undefined
  /** Learnings since one has fitted. */
  private vain = 0
  private readonly judgement: Judgement

  constructor(judgement: Judgement) {
    this.judgement = judgement
  }

  /** The delta of an event that differs from the last one learnt in its text alone; undefined for every other. */
  cast(raw: string, name: string | undefined): Delta | undefined {
    const literal = name === this.event ? between(this.before, raw, this.after) : undefined
    if (literal === undefined || !STRING.test(literal)) return undefined
    this.vain = 0
    const text = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
    return this.choice === undefined ? { text } : { choice: this.choice, text }
  }

  /** Sees an event that was parsed, and the deltas that it gave: those from `first` on. */
  learn(raw: string, name: string | undefined, deltas: readonly Delta[], first: number): void {
    if (this.vain > MOST_IN_VAIN) return
    const { judged, chunks } = this.judgement
    const delta = tellingOne(deltas, first)
    const text = delta && textOf(delta, chunks)
    if (text === undefined || text === '') return
    if (++this.vain > MOST_IN_VAIN) {
      this.before = ''
      return
    }
    const literal = JSON.stringify(text)
    const at = raw.indexOf(literal)
    // In two places: nobody can say which one was read.
    if (at < 0 || raw.includes(literal, at + 1)) return
    const key = /"([^"\\]+)"\s*:\s*$/.exec(raw.slice(0, at))?.[1]
    if (key === undefined || judged.has(key)) return
    this.before = raw.slice(0, at)
    this.after = raw.slice(at + literal.length)
    this.event = name
    this.choice = delta?.choice
  }
}

/** What stands between the two in a text; undefined where they are not its beginning and its end, or nothing is learnt. */
export function between(before: string, text: string, after: string): string | undefined {
  const end = text.length - after.length
  if (before === '' || end - before.length < 3) return undefined
  // Slices are compared in one go; startsWith goes from letter to letter.
  return text.slice(0, before.length) === before && text.slice(end) === after
    ? text.slice(before.length, end)
    : undefined
}

/** The one delta that does not say again who answers, and the usage so far. */
function tellingOne(deltas: readonly Delta[], first: number): Delta | undefined {
  let found: Delta | undefined
  for (let i = first; i < deltas.length; i++) {
    const delta = deltas[i]
    if (!delta || Object.keys(delta).every((key) => REPEATED.has(key))) continue
    if (found) return undefined
    found = delta
  }
  return found
}

/** Nothing is lost when these are not told once more with the same values. */
const REPEATED: ReadonlySet<string> = new Set(['id', 'model', 'usage'])

/** The text of a delta that says nothing else. */
function textOf(delta: Delta, chunks: boolean): string | undefined {
  for (const key in delta) if (key !== 'text' && key !== 'choice' && key !== 'chunk') return undefined
  if (delta.chunk === undefined) return delta.text
  return chunks && delta.text === undefined ? chunkText(delta.chunk) : undefined
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

/** What the rules of a stream do with the values that they read. */
export interface Judgement {
  /** Keys whose value some pattern looks at: a text under such a key decides more than itself. */
  judged: ReadonlySet<string>
  /** Every chunk that is emitted is a part of the event as it came. */
  chunks: boolean
}

/** Undefined where a text is emitted otherwise than as it was read: then it cannot be told without the rules. */
export function judgementOf(events: unknown): Judgement | undefined {
  const found = { judged: new Set<string>(), chunks: true }
  return walk(events, found) ? found : undefined
}

function walk(node: unknown, found: { judged: Set<string>; chunks: boolean }): boolean {
  if (Array.isArray(node)) return node.every((item) => walk(item, found))
  if (!isMap(node)) return true
  return Object.entries(node).every(([key, value]) => {
    if (key === 'when') return judge(value, found.judged, 'when')
    // of an empty text nothing is learnt
    if (key === 'text') return typeof value === 'string' && (value === '' || HOLE.test(value))
    if (key !== 'chunk') return walk(value, found)
    found.chunks &&= typeof value === 'string' && HOLE.test(value)
    return true
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
