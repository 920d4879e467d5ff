/** A rule by example: the way to a value, as the pattern that finds it there. */
import type { Way } from './leaves.ts'

export interface Rule {
  event?: string
  when: unknown
  emit: unknown
}

/** One for each list on the way, outermost first. */
const LISTS = ['$items', '$parts', '$pieces', '$bits']

/** @param pattern stands at the way's end; `give` uses what it binds */
export function ruleAt(way: Way, pattern: unknown, give: unknown): Rule {
  const list = way.findIndex((step) => typeof step === 'number')
  if (list < 0) return { when: nested(way, pattern), emit: give }
  return { when: nested(way.slice(0, list), LISTS[0]), emit: [picked(way.slice(list + 1), pattern, give, 0)] }
}

function picked(way: Way, pattern: unknown, give: unknown, depth: number): unknown {
  const list = way.findIndex((step) => typeof step === 'number')
  const $pick = LISTS[depth] ?? '$list'
  if (list < 0) return whenThen({ $pick }, nested(way, pattern), give)
  const inner = LISTS[depth + 1] ?? '$list'
  return whenThen({ $pick }, nested(way.slice(0, list), inner), [picked(way.slice(list + 1), pattern, give, depth + 1)])
}

function nested(way: Way, end: unknown): unknown {
  return way.reduceRight<unknown>((inside, step) => ({ [step]: inside }), end)
}

/** `{ when, then }` beside what else the map holds; not written as a literal, which a promise would be taken for. */
export function whenThen(beside: Record<string, unknown>, when: unknown, then: unknown): Record<string, unknown> {
  const map = new Map(Object.entries(beside)).set('when', when).set('then', then)
  return Object.fromEntries(map)
}
