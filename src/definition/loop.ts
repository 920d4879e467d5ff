/** `$each` and `$pick`: one result per item of a list, by the first case that takes the item. */
import { append } from './append.ts'
import { compileCases, onlyKeys, type Cases } from './cases.ts'
import type { Template, TemplateContext } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { always } from './constant-folding.ts'
import { madeOf, recurs } from '../runtime/recurring.ts'
import { isMap, type Frame } from './scope.ts'
import { compileSubject } from './operand.ts'

export const LOOPS: ReadonlySet<string> = new Set(['$each', '$pick'])

const OPTIONS = new Set(['$each', '$pick', 'when', 'then', 'cases', 'merge'])

/** An item that no case of an `$each` takes: whoever fills the template turns it into a refusal. */
export class UnmatchedItem extends Error {
  override name = 'UnmatchedItem'
  item: unknown
  index: number
  path: Path

  constructor(item: unknown, index: number, path: Path) {
    super('no case takes this item')
    this.item = item
    this.index = index
    this.path = path
  }
}

export function compileLoop(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const operator = Object.hasOwn(node, '$each') ? '$each' : '$pick'
  const subject = compileSubject(node[operator], context, [...path, operator])
  let cases = NO_CASES
  const isClosed = context.scope.isClosed(() => {
    cases = compileCases(node, context, path, OPTIONS, { shape: subject.shape.item })
  })
  const merge = readMerge(node['merge'], [...path, 'merge'])
  const strict = operator === '$each'
  // what is plain is no list
  if (subject.known) return always(undefined)
  // whoever watches wants to see each item taken
  const isKept = isClosed && context.isProven === true && context.watch === undefined
  const make = (list: unknown[], frame: Frame): unknown[] | undefined => {
    const out = run(list, cases, frame, { strict, isKept, path })
    return merge === undefined || out === undefined ? out : mergeNeighbours(out, merge)
  }
  return (frame) => {
    const list = subject.read(frame)
    if (!Array.isArray(list)) return undefined
    const made = isKept ? madeOf(list) : undefined
    if (!made) return make(list, frame)
    if (!made.has(make)) {
      const out = make(list, frame)
      if (out) recurs(out)
      made.set(make, out)
    }
    return made.get(make)
  }
}

const NO_CASES: Cases = { choose: () => undefined, certain: undefined }

interface Merge {
  /** Neighbours with the same value under this key become one. */
  by: string
  /** The key stands there for the merging only, and is taken out. */
  isMark: boolean
}

const MERGE = new Set(['mark'])

/** `merge: role`, or `merge: { mark: turn }` for a key that the vendor does not know. */
function readMerge(node: unknown, path: Path): Merge | undefined {
  if (node === undefined) return undefined
  if (typeof node === 'string') return { by: node, isMark: false }
  if (!isMap(node)) throw new DefinitionError('merge names the key by which neighbours are merged', path)
  onlyKeys(node, MERGE, path)
  if (typeof node['mark'] !== 'string') throw new DefinitionError('mark names a key', [...path, 'mark'])
  return { by: node['mark'], isMark: true }
}

interface Run {
  strict: boolean
  /** Is what is made of an item that comes again kept with it? */
  isKept: boolean
  path: Path
}

function run(list: unknown[], cases: Cases, frame: Frame, { strict, isKept, path }: Run): unknown[] | undefined {
  let out: unknown[] | undefined
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    const made = isKept && isObject(item) ? madeOf(item) : undefined
    let value = made?.get(cases)
    if (value === undefined) {
      const chosen = cases.choose(item, frame)
      if (!chosen) {
        if (strict) throw new UnmatchedItem(item, i, path)
        continue
      }
      value = chosen(frame)
      if (made) keep(made, cases, value)
    }
    if (value === undefined) continue
    // a case may give a list: nested loops are spliced
    if (!Array.isArray(value)) out = append(out, value)
    else for (let j = 0; j < value.length; j++) out = append(out, value[j])
  }
  return out
}

function isObject(item: unknown): item is object {
  return typeof item === 'object' && item !== null
}

/** What becomes a list of the vendor's, item by item, comes again itself. */
function keep(made: Map<object, unknown>, cases: Cases, value: unknown): void {
  if (isObject(value)) recurs(value)
  made.set(cases, value)
}

/** Neighbours with the same value under the key become one: their lists are joined, other fields stay the first's. */
function mergeNeighbours(items: unknown[], { by: key, isMark }: Merge): unknown[] {
  let out: unknown[] | undefined
  let last: unknown
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (isMap(last) && isMap(item) && last[key] === item[key] && out) {
      last = joined(last, item)
      out[out.length - 1] = last
    } else {
      out = append(out, item)
      last = item
    }
  }
  if (isMark && out) for (let i = 0; i < out.length; i++) out[i] = unmarked(out[i], key)
  return out ?? items
}

interface Joined {
  first: object
  result: object
}

/** Of two that come again the same each time. */
function joined(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const made = madeOf(first) && madeOf(second)
  if (!made) return join(first, second)
  const before = made.get(join) as Joined | undefined
  if (before?.first === first) return before.result as Record<string, unknown>
  const result = join(first, second)
  recurs(result)
  made.set(join, { first, result } satisfies Joined)
  return result
}

function join(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const joined: Record<string, unknown> = { ...second, ...first }
  for (const field of Object.keys(second)) {
    const [before, after] = [first[field], second[field]]
    if (Array.isArray(before) && Array.isArray(after)) joined[field] = [...before, ...after]
  }
  return joined
}

interface Unmarked {
  key: string
  result: object
}

function unmarked(value: unknown, key: string): unknown {
  if (!isMap(value)) return value
  const made = madeOf(value)
  if (!made) return without(value, key)
  const before = made.get(without) as Unmarked | undefined
  if (before?.key === key) return before.result
  const result = without(value, key)
  recurs(result)
  made.set(without, { key, result } satisfies Unmarked)
  return result
}

/** Made anew, as an object that has lost a key is slow. */
function without(value: Record<string, unknown>, key: string): Record<string, unknown> {
  const others: Record<string, unknown> = {}
  for (const field in value) if (field !== key) others[field] = value[field]
  return others
}
