/** Where an answer, or an event of a stream, says what every answer says. */
import { isMap } from '../../definition/scope.ts'
import { at, leavesOf, mapsOf, nameOf, type Way } from './leaves.ts'
import { ruleAt, whenThen, type Rule } from './rule.ts'
import { FINISH, ID, meaningOf, MODEL, ROLE, TEXT, USAGE_INPUT, USAGE_OUTPUT } from './words.ts'

const NO_TEXT = /^(type|kind|object|status|created.*|version|.*fingerprint)$/i
const ARGUMENTS = /^(arguments|args|input|parameters|with)$/i

export interface UsageFound {
  way: Way
  /** `{ when, then }` */
  counts: Record<string, unknown>
}

/** The ways to texts that may be the answer's words, the likeliest first. */
export function textWays(answer: unknown): Way[] {
  const worth = (way: Way, length: number): number => length + (TEXT.test(nameOf(way)) ? 1_000_000 : 0)
  return leavesOf(answer)
    .filter(({ way, value }) => typeof value === 'string' && value !== '' && isWords(way) && !inCall(answer, way))
    .map(({ way, value }) => ({ way, worth: worth(way, String(value).length) }))
    .sort((a, b) => b.worth - a.worth)
    .map(({ way }) => way)
}

function isWords(way: Way): boolean {
  const name = nameOf(way)
  return ![ID, MODEL, ROLE, FINISH, NO_TEXT].some((known) => known.test(name))
}

function inCall(answer: unknown, way: Way): boolean {
  return callMaps(answer).some((call) => call.every((step, i) => way[i] === step))
}

/** The rule that takes words from there; a part that names its type is taken for that type only. */
export function textRule(answer: unknown, way: Way): Rule {
  const parent = way.slice(0, -1)
  const last = way.at(-1)
  const type = at(answer, [...parent, 'type'])
  if (typeof last === 'string' && typeof way.at(-2) === 'number' && typeof type === 'string')
    return ruleAt(parent, { type, [last]: '$text:text' }, { text: '$text' })
  return ruleAt(way, '$text:text', { text: '$text' })
}

export function headRule(answer: unknown): Rule | undefined {
  if (!isMap(answer)) return undefined
  const find = (name: RegExp): string | undefined =>
    Object.keys(answer).find((key) => name.test(key) && typeof answer[key] === 'string')
  const [id, model] = [find(ID), find(MODEL)]
  if (id === undefined && model === undefined) return undefined
  const when = { ...(id !== undefined && { [id]: '$id' }), ...(model !== undefined && { [model]: '$model' }) }
  return { when, emit: { ...(id !== undefined && { id: '$id' }), ...(model !== undefined && { model: '$model' }) } }
}

export function finishAt(answer: unknown): { way: Way; word: string } | undefined {
  const found = leavesOf(answer).find(
    ({ way, value }) => FINISH.test(nameOf(way)) && typeof value === 'string' && value,
  )
  return found && { way: found.way, word: String(found.value) }
}

/** The vendor's word → OpenAI's, where they differ. */
export function finishTable(words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, meaningOf(word)]).filter(([word, meaning]) => word !== meaning))
}

export function usageAt(answer: unknown): UsageFound | undefined {
  for (const { way, map } of mapsOf(answer)) {
    const counts = Object.keys(map).filter((key) => Number.isInteger(map[key]) && !/total|detail|time|dur/i.test(key))
    const input = counts.find((key) => USAGE_INPUT.test(key) && !/cache/i.test(key))
    const output = counts.find((key) => USAGE_OUTPUT.test(key) && key !== input)
    if (input === undefined || output === undefined) continue
    const cached = counts.find((key) => /cache/i.test(key) && /read|hit|cached/i.test(key))
    const when = { [input]: '$input?', [output]: '$output?', ...(cached !== undefined && { [cached]: '$cached?' }) }
    const then = {
      prompt_tokens: '$input',
      completion_tokens: '$output',
      ...(cached !== undefined && { cached_tokens: '$cached' }),
    }
    return { way, counts: whenThen({}, when, then) }
  }
  return undefined
}

/** Ways to maps that hold a name and arguments. */
function callMaps(answer: unknown): Way[] {
  return mapsOf(answer)
    .filter(({ way, map }) => way.length > 0 && typeof map['name'] === 'string' && argumentsOf(map) !== undefined)
    .map(({ way }) => way)
}

function argumentsOf(map: Record<string, unknown>): string | undefined {
  return Object.keys(map).find((key) => ARGUMENTS.test(key) && (isMap(map[key]) || typeof map[key] === 'string'))
}

/** One rule for all calls of a list. */
export function callRule(answer: unknown): Rule | undefined {
  const [way] = callMaps(answer)
  if (!way) return undefined
  const map = at(answer, way) as Record<string, unknown>
  const last = way.at(-1)
  // an id beside `function: { name, arguments }`
  const outside = typeof last === 'string' && typeof way.at(-2) === 'number'
  const holder = outside ? (at(answer, way.slice(0, -1)) as Record<string, unknown>) : map
  const id = Object.keys(holder).find((key) => ID.test(key) && typeof holder[key] === 'string' && holder[key] !== '')
  const inner = { name: '$name', [argumentsOf(map) ?? 'arguments']: '$arguments' }
  const named = id === undefined ? {} : { [id]: '$id?' }
  const give = { tool_call: { ...(id !== undefined && { id: '$id' }), name: '$name', arguments: '$arguments' } }
  return outside
    ? ruleAt(way.slice(0, -1), { ...named, [last]: inner }, give)
    : ruleAt(way, { ...named, ...inner }, give)
}
