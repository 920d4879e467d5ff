/** Tool calls whose arguments come as values at JSON paths (Vertex, `partialArgs`): put together, given out when whole. */
import type { Delta, ToolCallDelta } from '../../../chat/delta.ts'
import { isMap } from '../../../definition/scope.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

/**
 * `{ jsonPath, stringValue | numberValue | boolValue | nullValue }`: `$.operations[0].action` and the value there; text at
 * the same path goes on while `willContinue` says so. Taken as it came: what is not of its kind is passed over.
 */
type ChunkDelta = Record<string, unknown>

/** What the definition emits: `partial`, a list of pieces, and `continues` while more is to come. */
type PartialCall = ToolCallDelta & { partial?: unknown; continues?: unknown }

type Container = Record<string | number, unknown>

export const partialArguments: StreamTransformFactory = () => () => {
  let open: { delta: Delta; call: ToolCallDelta; root: Container } | undefined

  function close(): Delta[] {
    if (!open) return []
    const { delta, call, root } = open
    open = undefined
    return [{ ...delta, tool_call: { ...call, arguments: root } }]
  }

  function take(delta: Delta): Delta[] {
    if (!delta.tool_call) return delta.finish_reason === undefined ? [delta] : [...close(), delta]
    const { partial, continues, ...call }: PartialCall = delta.tool_call
    const isStart = call.name !== undefined
    const before = isStart ? close() : []
    if (isStart && !continues && !partial) return [...before, { ...delta, tool_call: call }]
    if (isStart) open = { delta, call, root: isMap(call.arguments) ? { ...call.arguments } : {} }
    if (open && Array.isArray(partial)) for (const piece of partial.filter(isMap)) put(open.root, piece)
    return continues ? before : [...before, ...close()]
  }

  function push(deltas: Delta[]): Delta[] {
    const concerns = open !== undefined || deltas.some((delta) => delta.tool_call !== undefined)
    return concerns ? deltas.flatMap(take) : deltas
  }

  return { push, end: close, passes: () => true }
}

function put(root: Container, piece: ChunkDelta): void {
  const { jsonPath, stringValue, numberValue, boolValue } = piece
  const steps = typeof jsonPath === 'string' ? stepsOf(jsonPath) : []
  const last = steps.pop()
  if (last === undefined) return
  let at = root
  for (const [i, step] of steps.entries()) {
    const next = steps[i + 1] ?? last
    if (!fits(at, step)) return
    if (!Object.hasOwn(at, step) || at[step] === null) at[step] = typeof next === 'number' ? [] : {}
    const inner = at[step]
    if (typeof inner !== 'object' || inner === null) return
    at = inner as Container
  }
  if (!fits(at, last)) return
  const before = at[last]
  if (typeof stringValue === 'string') at[last] = (typeof before === 'string' ? before : '') + stringValue
  else if (typeof numberValue === 'number') at[last] = numberValue
  else if (typeof boolValue === 'boolean') at[last] = boolValue
  else if ('nullValue' in piece) at[last] = null
}

/** A list has numbered elements and nothing else: not its own length. */
function fits(at: Container, step: string | number): boolean {
  return !Array.isArray(at) || typeof step === 'number'
}

/** Elements of one list that a stream may make; beyond, a path is not believed. */
const MOST_ELEMENTS = 10_000

/** `$.a[0]['b c']` as a, 0, "b c"; names that would reach a prototype make an empty path, which puts nothing. */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  for (const match of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g)) {
    const name = match[1] ?? match[3] ?? match[4]
    if (name === '__proto__' || Number(match[2]) > MOST_ELEMENTS) return []
    steps.push(name ?? Number(match[2]))
  }
  return steps
}
