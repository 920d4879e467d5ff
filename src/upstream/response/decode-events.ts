/** The way back: a vendor's event or whole answer becomes canonical deltas, as the definition's rules say. */
import type { Delta, DeltaError, Usage } from '../../chat/delta.ts'
import { failedAnswer, FINISH_REASONS, finishOf, isReason, type Finish } from '../../chat/finish-reason.ts'
import { compileCases } from '../../definition/cases.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError, type Path } from '../../definition/error.ts'
import { compileRules, type Rules } from '../../definition/rules.ts'
import { isMap, Scope } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { FormatDefinition } from '../format/format-definition.ts'
import { fitCounts, fitDelta } from './delta-fields.ts'
import { errorOf } from './errors/error-event.ts'
import type { ErrorReader } from './vendor-error.ts'
import { TEMPLATE_FUNCTIONS } from '../template-functions/index.ts'

/** What a rule may emit: the fields of Delta, and `done` for the vendor's own end of the stream. */
const WORDS: ReadonlySet<string> = new Set([
  'choice',
  'id',
  'model',
  'text',
  'reasoning',
  'reasoning_state',
  'refusal',
  'whole',
  'item',
  'tool_call',
  'signature',
  'annotations',
  'places',
  'logprobs',
  'finish_reason',
  'finish_message',
  'beside',
  'images',
  'audio',
  'server_tools',
  'usage',
  'error',
  'other',
  'chunk',
  'done',
])

const FINISH: ReadonlySet<string> = new Set([...FINISH_REASONS, 'error'])
const USAGE_WORDS = [
  'prompt_tokens',
  'completion_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'input_audio_tokens',
  'cached_audio_tokens',
  'output_audio_tokens',
  'input_image_tokens',
  'output_image_tokens',
  'billed_input_tokens',
  'billed_output_tokens',
  'cost',
  'iterations',
]

/** Appends an event's deltas to `out`; true when the vendor said that the stream is over. `usage` is one stream's memory. */
export type EventReader = (value: unknown, name: string | undefined, out: Delta[], usage: UsageMemory) => boolean

/** The vendor's usage object so far, for vendors that tell it in parts. */
export interface UsageMemory {
  raw: Record<string, unknown>
}

export function compileEvents(
  nodes: unknown,
  definition: FormatDefinition,
  errors: ErrorReader,
  path: Path,
  watch?: Watch,
): EventReader {
  const scope = Scope.of({})
  const rules: Rules = compileRules(nodes, templateContext(scope, TEMPLATE_FUNCTIONS, watch), path, WORDS)
  const readUsage = compileUsage(definition.usage, watch)
  const finish = compileFinish(definition.finish_reasons)
  const frame = scope.frame()
  const emitted: Record<string, unknown>[] = []

  function toDelta(each: Record<string, unknown>, memory: UsageMemory): Delta {
    const delta: Delta = each
    fitDelta(each)
    if (each['error'] !== undefined) delta.error = errors.inStream(each['error'])
    if (each['finish_reason'] !== undefined) {
      const word = each['finish_reason']
      const meaning = finish(word)
      if (meaning !== 'error') delta.finish_reason = meaning
      else {
        delete delta.finish_reason
        delta.error = failedAnswer(String(word), text(each['finish_message']))
      }
    }
    delete each['finish_message']
    if (each['usage'] !== undefined) delta.usage = readUsage(each['usage'], memory)
    if (delta.chunk) {
      // counts that a definition reads win over those of the chunk
      if (definition.usage) delta.usage ??= readUsage(delta.chunk['usage'], memory)
    }
    return delta
  }

  return (value, name, out, memory) => {
    emitted.length = 0
    rules(value, name, frame, emitted)
    if (saysNothing(emitted)) {
      const said = errorOf(value, name)
      if (said !== undefined) {
        out.push({ error: errors.inStream(said) })
        return false
      }
    }
    let done = false
    for (let i = 0; i < emitted.length; i++) {
      const each = emitted[i] as Record<string, unknown>
      if (each['done'] === true) done = true
      const delta = toDelta(each, memory)
      const fault = delta.chunk && readFinishes(delta.chunk, finish, errors)
      out.push(delta)
      if (fault) out.push({ error: fault })
    }
    return done
  }
}

/** Nothing, or a chunk that nothing was said in. */
function saysNothing(emitted: readonly Record<string, unknown>[]): boolean {
  if (emitted.length === 0) return true
  const chunk = emitted.length === 1 ? emitted[0]?.['chunk'] : undefined
  return isMap(chunk) && (chunk['choices'] === undefined || chunk['choices'] === null)
}

/** A client's SDK must never meet a word outside OpenAI's five: one that the table does not know is read for its meaning. */
function compileFinish(table: Record<string, string> = {}): (word: unknown) => Finish | undefined {
  for (const [word, meaning] of Object.entries(table)) {
    if (FINISH.has(meaning)) continue
    throw new DefinitionError(`"${meaning}" is not a finish reason (${[...FINISH].join(', ')})`, [
      'finish_reasons',
      word,
    ])
  }
  const known = new Map(Object.entries(table))
  return (word) => {
    if (!isReason(word)) return undefined
    return (known.get(String(word)) as Finish | undefined) ?? finishOf(word)
  }
}

/**
 * Puts the vendor's words of a chunk right. Gives the fault of a choice, which the chunk then tells no more: what is in it
 * beside comes first.
 */
function readFinishes(
  chunk: Record<string, unknown>,
  finish: (word: unknown) => Finish | undefined,
  errors: ErrorReader,
): DeltaError | undefined {
  const choices = chunk['choices']
  if (!Array.isArray(choices)) return undefined
  let fault: DeltaError | undefined
  for (const choice of choices) {
    if (!isMap(choice)) continue
    const { finish_reason: word, error } = choice
    const isFault = isMap(error)
    const meaning = finish(word)
    if (meaning !== undefined) fault ??= faultBeside(chunk, errors)
    if (isFault) fault ??= errors.inStream(error)
    else if (meaning === 'error') fault ??= failedAnswer(String(word))
    if (isFault) delete choice['error']
    if (word !== undefined) choice['finish_reason'] = isFault || meaning === 'error' ? null : (meaning ?? null)
  }
  return fault
}

/** Why a stream broke off, in the private envelope in which some servers tell its usage, beside a reason that says all is well. */
function faultBeside(chunk: Record<string, unknown>, errors: ErrorReader): DeltaError | undefined {
  for (const key in chunk) {
    const envelope = key.startsWith('x_') ? chunk[key] : undefined
    const message = isMap(envelope) ? envelope['error'] : undefined
    if (typeof message === 'string' && message !== '') return errors.inStream({ message })
  }
  return undefined
}

type UsageReader = (raw: unknown, memory: UsageMemory) => Usage | undefined

const USAGE_KEYS = new Set(['when', 'then', 'cases', 'merge'])

/** `merge: true` lays each usage object over the ones before, field by field, before it is read. */
function compileUsage(node: unknown, watch?: Watch): UsageReader {
  if (node === undefined) return (raw) => (isMap(raw) ? fitCounts({ ...raw }) : undefined)
  if (!isMap(node)) throw new DefinitionError('usage is { when, then }', ['usage'])
  const scope = Scope.of({})
  const cases = compileCases(node, templateContext(scope, TEMPLATE_FUNCTIONS, watch), ['usage'], USAGE_KEYS)
  checkUsageWords(node)
  const frame = scope.frame()
  const merge = node['merge'] === true
  return (raw, memory) => {
    if (!isMap(raw)) return undefined
    if (merge) for (const key in raw) if (raw[key] !== null) memory.raw[key] = raw[key]
    const value = merge ? memory.raw : raw
    const usage = cases.choose(value, frame)?.(frame)
    return isMap(usage) ? fitCounts(usage) : undefined
  }
}

function checkUsageWords(node: Record<string, unknown>): void {
  const cases: [Path, unknown][] = Array.isArray(node['cases'])
    ? node['cases'].map((each: unknown, i) => [['usage', 'cases', i, 'then'], isMap(each) ? each['then'] : undefined])
    : [[['usage', 'then'], node['then']]]
  for (const [path, then] of cases) {
    if (!isMap(then)) continue
    for (const key of Object.keys(then)) {
      if (!USAGE_WORDS.includes(key))
        throw new DefinitionError(`"${key}" is not a token count (${USAGE_WORDS.join(', ')})`, [...path, key], 'key')
    }
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
