/** One definition becomes one Format: everything that can be decided of a vendor's wire is decided here, at load. */
import type { ChatRequest } from '../../chat/request.ts'
import type { Delta, DeltaError, FinishReason } from '../../chat/delta.ts'
import { withClientNames, withClientNamesIn } from '../response/client-tool-names.ts'
import { GatewayError } from '../../chat/error.ts'
import { readJson } from '../../runtime/json/json.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError } from '../../definition/error.ts'
import { isMap } from '../../definition/scope.ts'
import { onlyKeys } from '../../definition/cases.ts'
import { AUTHORIZERS } from '../auth/index.ts'
import type { Authorizer, Format, FramedEvent, Framing, StreamDecoder } from '../types.ts'
import type { FormatDefinition } from './format-definition.ts'
import { compileTokenRules } from './token-rules.ts'
import { compileFollowUp } from '../response/follow-up-request.ts'
import { FRAMINGS } from '../response/framing/index.ts'
import { compileModels } from './model-traits.ts'
import { ChunkTemplate, judgementOf, keysRead } from '../response/chunk-template.ts'
import { readComponentReference } from './component-reference.ts'
import { compileEmbeddings } from '../embeddings.ts'
import { compileNative } from '../native.ts'
import { compileModelList } from '../model-list.ts'
import { compileRelays } from '../relays.ts'
import { readPrefix } from '../request/assistant-prefix.ts'
import { toolNameFit } from '../request/transforms/tool-names.ts'
import { compileRequest, handsOn } from '../request/encode-request.ts'
import { compileEvents, type EventReader, type UsageMemory } from '../response/decode-events.ts'
import { compileSignals } from '../response/limit-signals.ts'
import { STREAM_TRANSFORMS } from '../response/transforms/index.ts'
import type { Asked, StreamTransform } from '../response/transforms/stream-transform.ts'
import { compileErrors } from '../response/vendor-error.ts'

const KEYS = new Set([
  'extends',
  'cache_per_key',
  'assumes_output',
  'estimate',
  'request',
  'native',
  'embeddings',
  'relays',
  'model_list',
  'auth',
  'follow',
  'models',
  'prefix',
  'response',
  'stream',
  'finish_reasons',
  'usage',
  'error',
  'signals',
])
const REQUEST_KEYS = new Set([
  'method',
  'path',
  'headers',
  'defaults',
  'clamp',
  'refuse',
  'ignore',
  'takes',
  'made_pictures',
  'prepare',
  'fetch_media',
  'let',
  'warn',
  'body',
])
const STREAM_KEYS = new Set(['framing', 'data', 'done', 'events', 'transforms', 'unread'])

const JSON_FRAMINGS: ReadonlySet<Framing> = new Set([FRAMINGS.ndjson, FRAMINGS.json, FRAMINGS['json-array']])

/** Throws a DefinitionError that names the place in the definition. @param watch is told of each branch taken */
export function compileFormat(name: string, definition: FormatDefinition, watch?: Watch): Format {
  if (!isMap(definition)) throw new DefinitionError('a format is a map with request, response and stream', [])
  onlyKeys(definition, KEYS, [])
  if (isMap(definition.request)) onlyKeys(definition.request, REQUEST_KEYS, ['request'])
  const errors = compileErrors(name, definition.error, watch)
  const whole = compileEvents(definition.response ?? [], definition, errors, ['response'], watch)
  const fit = toolNameFit(definition.request?.prepare)
  const stream = compileStream(name, definition, errors, watch)
  const plan = compileModels(definition)
  return {
    name,
    encode: compileRequest(name, definition, watch),
    native: compileNative(definition),
    embeddings: compileEmbeddings(name, definition),
    relays: compileRelays(definition),
    modelList: compileModelList(definition),
    traits: (model) => plan(model).traits,
    tokens: compileTokenRules(definition.estimate),
    prefix: compilePrefix(definition, plan),
    fetchMedia: new Set(definition.request?.fetch_media),
    handsOn: handsOn(definition.request?.body),
    framing: stream.framing,
    streamsJson: stream.streamsJson,
    authorize: compileAuth(definition.auth),
    follow: compileFollowUp(definition.follow, watch),
    decoder: fit ? (request) => withClientNames(stream.decoder(request), request, fit) : stream.decoder,
    decodeBody: (body, request) => {
      const deltas = decodeWhole(whole, stream.transforms, body, request)
      return fit ? withClientNamesIn(deltas, request, fit) : deltas
    },
    decodeError: (answer, body) => errors.answer(answer, body, Date.now()),
    signals: compileSignals(definition.signals, watch),
  }
}

function compileAuth(node: unknown): Authorizer | undefined {
  if (node === undefined) return undefined
  const { component, options } = readComponentReference(node, AUTHORIZERS, 'authoriser', ['auth'])
  return component(options)
}

/** What the format says, unless a model's own entry says otherwise. */
function compilePrefix(definition: FormatDefinition, plan: ReturnType<typeof compileModels>): Format['prefix'] {
  const general = readPrefix(definition.prefix)
  return (model) => {
    const own = plan(model).traits['prefix']
    if (own === undefined) return general
    return own === true && general !== false ? general : readPrefix(own)
  }
}

type MakeTransform = (request: Asked) => StreamTransform | undefined

function decodeWhole(read: EventReader, transforms: MakeTransform[], body: unknown, request: Asked): Delta[] {
  let deltas: Delta[] = []
  // a list of one stands for the one in some vendors' answers
  read(Array.isArray(body) && body.length === 1 ? body[0] : body, undefined, deltas, { raw: {} })
  for (const make of transforms) {
    const transform = make(request)
    if (!transform) continue
    deltas = transform.push(deltas)
    const held = transform.end()
    if (held.length > 0) deltas = [...deltas, ...held]
  }
  return deltas
}

interface StreamPlan {
  framing: Framing
  streamsJson: boolean
  transforms: MakeTransform[]
  decoder: (request: ChatRequest) => StreamDecoder
}

function compileStream(
  name: string,
  definition: FormatDefinition,
  errors: ReturnType<typeof compileErrors>,
  watch?: Watch,
): StreamPlan {
  const node = definition.stream ?? { framing: 'json', events: definition.response }
  if (!isMap(node)) throw new DefinitionError('stream is { framing, events }', ['stream'])
  onlyKeys(node, STREAM_KEYS, ['stream'])
  const { component: framing, options } = readComponentReference<Framing>(node.framing, FRAMINGS, 'framing', [
    'stream',
    'framing',
  ])
  const read = compileEvents(node.events, definition, errors, ['stream', 'events'], watch)
  const transforms = (node.transforms ?? []).map((each, i) => {
    const named = readComponentReference(each, STREAM_TRANSFORMS, 'stream transform', ['stream', 'transforms', i])
    return named.component(named.options)
  })
  const asText = node.data === 'text'
  checkUnread(node)
  const done = typeof node.done === 'string' ? { text: node.done } : node.done
  // Whoever watches the rules wants to see them at work.
  const judgement = asText || watch ? undefined : judgementOf(node.events, node.unread ?? undefined)
  return {
    framing: (given) => framing({ ...given, ...options }),
    streamsJson: JSON_FRAMINGS.has(framing),
    transforms,
    decoder: (request) =>
      streamDecoder(
        name,
        read,
        errors.inStream,
        asText,
        done,
        judgement && new ChunkTemplate(judgement),
        transforms.map((make) => make(request)).filter((made) => made !== undefined),
      ),
  }
}

function checkUnread({ unread, events }: NonNullable<FormatDefinition['stream']>): void {
  const read = keysRead(events)
  for (const [at, field] of (unread ?? []).entries())
    if (read.has(field)) throw new DefinitionError(`"${field}" is read by a rule`, ['stream', 'unread', at])
}

/** The event that ends a stream, and the reason that it is, where the vendor's own events give none. */
interface Terminator {
  text: string
  finish_reason?: FinishReason
}

/** Lines that are not valid JSON are passed over, one by one, but a stream of nothing else is not an answer. */
const MOST_BAD_EVENTS = 16

function streamDecoder(
  name: string,
  read: EventReader,
  fault: (said: unknown) => DeltaError,
  asText: boolean,
  end: Terminator | undefined,
  template: ChunkTemplate | undefined,
  functions: StreamTransform[],
): StreamDecoder {
  const usage: UsageMemory = { raw: {} }
  let bad = 0
  let hasChunk = false
  function decode(event: FramedEvent, out: Delta[]): boolean {
    if (template === undefined || event.text === undefined || event.fault) return decodeByRules(event, out)
    const delta = template.cast(event.text, event.name)
    if (delta !== undefined) {
      out.push(delta)
      return false
    }
    const first = out.length
    const done = decodeByRules(event, out)
    template.learn(event.text, event.name, out, first)
    return done
  }
  function decodeByRules(event: FramedEvent, out: Delta[]): boolean {
    if (end !== undefined && event.text?.trim() === end.text) {
      if (end.finish_reason !== undefined && !hasChunk) out.push({ finish_reason: end.finish_reason })
      return true
    }
    const first = out.length
    const isOver = decodeJson(event, out)
    // chunks of OpenAI's form give a reason of their own
    if (end?.finish_reason !== undefined) hasChunk ||= out.slice(first).some(({ chunk }) => chunk !== undefined)
    return isOver
  }
  function decodeJson(event: FramedEvent, out: Delta[]): boolean {
    let value = event.value
    if (value === undefined && event.text !== undefined) {
      if (asText) value = event.text
      else {
        try {
          value = readJson(event.text)
        } catch (cause) {
          if (event.text.trim() === '' || event.text.trim() === '[DONE]') return false
          if (event.name === 'error') {
            out.push({ error: fault({ message: event.text }) })
            return false
          }
          if (++bad > MOST_BAD_EVENTS)
            throw new GatewayError('bad_answer', `${name} sent events that are not valid JSON`, { cause })
          return false
        }
      }
    }
    if (event.fault) {
      out.push({ error: fault({ type: event.name, ...(isMap(value) && value) }) })
      return false
    }
    return read(value, event.name, out, usage)
  }
  if (functions.length === 0) return { decode, end: () => {}, template }
  return {
    template: functions.every(({ passes }) => passes) ? template : undefined,
    pass(text) {
      if (!functions.every((transform) => transform.passes?.(text))) return false
      for (const transform of functions) transform.pass?.(text)
      return true
    },
    decode(event, out) {
      let deltas: Delta[] = []
      const done = decode(event, deltas)
      for (const transform of functions) deltas = transform.push(deltas)
      out.push(...deltas)
      return done
    },
    end(out) {
      let deltas: Delta[] = []
      for (const transform of functions) deltas = [...transform.push(deltas), ...transform.end()]
      out.push(...deltas)
    },
  }
}
