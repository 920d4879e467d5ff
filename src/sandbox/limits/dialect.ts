/** One row of `dialects.yaml`: state of the limits → the headers and the refusals of a provider. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Refusal } from '../error.ts'
import { fill, fillText } from './fill-template.ts'
import type { Names } from './fill-template.ts'

/** What is told of one limit. `next` and `full` are milliseconds from now. */
export interface LimitView {
  metric: string
  period: number
  limit: number
  remaining: number
  used: number
  requested: number
  /** Until the request fits. */
  next: number
  /** Until all of it is free. */
  full: number
}

export type RefusalClass = 'minute' | 'day' | 'too-large' | 'money'

export interface Dialect {
  headers(views: readonly LimitView[], now: number): Record<string, string>
  /** `hits`: the limits that refused, the longest wait first. */
  refuse(kind: RefusalClass, hits: readonly LimitView[], views: readonly LimitView[], now: number): Refusal
}

interface WindowRow {
  name: string
  metric: string
  period: number
}

interface RefusalRow {
  status: number
  headers?: Record<string, string>
  body: unknown
}

interface DialectRow {
  windows: WindowRow[]
  headers?: Record<string, string>
  refusals: Partial<Record<RefusalClass, RefusalRow>> & { minute: RefusalRow }
}

let rows: Record<string, DialectRow> | undefined

/** Read when first asked for: a sandbox without limits starts without it. */
const dialects = (): Record<string, DialectRow> =>
  (rows ??= parse(readFileSync(new URL('./dialects.yaml', import.meta.url), 'utf8')))

export const dialectNames = (): string[] => Object.keys(dialects())

/** Throws Error when there is none of that name. */
export function dialectNamed(name: string): Dialect {
  const row = Object.hasOwn(dialects(), name) ? dialects()[name] : undefined
  if (!row)
    throw new Error(`There is no dialect ${JSON.stringify(name)}: one of ${dialectNames().join(', ')} was expected.`)
  const headers = (views: readonly LimitView[], now: number): Record<string, string> =>
    headersOf(row.headers ?? {}, namesOf(row, views), now)
  return {
    headers,
    refuse(kind, hits, views, now) {
      const { status, headers: own = {}, body } = row.refusals[kind] ?? (kind === 'money' ? MONEY : row.refusals.minute)
      // A provider that has no words for "never" still says when to come back.
      const named = hits.map((hit) =>
        wordsFor(row, { ...hit, next: Number.isFinite(hit.next) ? hit.next : hit.period }),
      )
      const names = { ...namesOf(row, views), ...(named[0] ? { hit: named[0] } : {}) }
      return {
        status,
        headers: { ...headers(views, now), ...headersOf(own, names, now) },
        body: fill(body, { names, lists: { hits: named.map((hit) => ({ hit })) }, now }),
      }
    },
  }
}

/** Where a provider's own words for an empty purse are not known. */
const MONEY: RefusalRow = {
  status: 402,
  body: { error: { message: 'Payment required.', type: 'insufficient_quota', param: null, code: null } },
}

function headersOf(rows: Record<string, string>, names: Names, now: number): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, template] of Object.entries(rows)) {
    const value = fillText(template, { names, lists: {}, now })
    if (value !== undefined) headers[name] = String(value)
  }
  return headers
}

function namesOf(row: DialectRow, views: readonly LimitView[]): Names {
  const names: Names = {}
  for (const window of row.windows) {
    const view = views.find((view) => matches(window, view))
    if (view) names[window.name] = { ...window, ...view }
  }
  return names
}

/** A limit that the dialect has no words for is named plainly. */
function wordsFor(row: DialectRow, view: LimitView): Names[string] {
  const plain = { type: view.metric, words: `${view.metric} per ${view.period / 1000} s`, id: view.metric }
  return { ...plain, ...row.windows.find((window) => matches(window, view)), ...view }
}

const matches = (window: WindowRow, view: LimitView): boolean =>
  window.metric === view.metric && window.period === view.period
