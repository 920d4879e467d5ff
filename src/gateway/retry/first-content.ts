/** Sends one try, and reads until there is something to show: until then a fault can still go to another key. */
import type { Delta } from '../../chat/delta.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { attempt, type AttemptAnswer } from '../../upstream/attempt.ts'
import type { Format, Prefix, Secret } from '../../upstream/types.ts'
import { withCacheMarks } from '../../upstream/request/cache-marks.ts'
import { withPrefix } from '../../upstream/request/assistant-prefix.ts'
import { explainsEmptiness, hasContent, isContentRefusal } from '../../chat/content.ts'
import { faultAt, fromDelta } from '../errors.ts'
import type { StartedAnswer, RequestState } from '../request-state.ts'
import type { LeaseAttempt } from './lease-attempt.ts'
import { createUsageMeter, type UsageMeter } from '../usage-meter.ts'

export interface GatewayProvider {
  name: string
  format: Format
  base_url: string
  headers: Record<string, string>
  keys: { name: string; secret: Secret }[]
  /** Marks of the prompt cache are set where the client sets none. */
  cache?: 'auto'
  /** Goes before what the format says. */
  prefix?: Prefix
  /** What is known of its models, by upstream name. */
  models?: Record<string, { max_output?: number; vision?: boolean }>
}

export async function awaitFirstContent(
  provider: GatewayProvider,
  secret: Secret,
  requestState: RequestState,
  attempted: LeaseAttempt,
): Promise<StartedAnswer> {
  const { model } = attempted.lease
  const asked = requestState.beginning === '' ? requestState.request : begun(requestState, provider, model)
  const request = provider.cache === 'auto' ? withCacheMarks(asked) : asked
  const passed = requestState.context.headers
  const traced = attempted.headers()
  const headers = passed || traced ? { ...passed, ...provider.headers, ...traced } : provider.headers
  const target = {
    base_url: provider.base_url,
    model,
    secret,
    headers,
    max_output: provider.models?.[model]?.max_output,
    vision: provider.models?.[model]?.vision,
  }
  const { bodies } = requestState
  if (bodies) attempted.client = bodies.watchClient(attempted.client, provider.base_url)
  const meter = (): UsageMeter => createUsageMeter(attempted.price(), requestState.input, attempted)
  const began = await firstRead(provider, await attempt(request, provider.format, target, attempted), meter())
  // a server that fails behind the head of a stream tells nothing of it: without a stream it says what is wrong
  if (!began.empty || !request.stream || began.answer.deltas.isVoid !== true) return began
  return firstRead(provider, await attempt(withoutStream(request), provider.format, target, attempted), meter())
}

function withoutStream(request: ChatRequest): ChatRequest {
  const { stream: _, stream_options: __, ...body } = request.body
  return { ...request, stream: false, body, received: undefined, native: undefined }
}

/** Reads until there is something to show. */
async function firstRead(provider: GatewayProvider, answer: AttemptAnswer, meter: UsageMeter): Promise<StartedAnswer> {
  const began: StartedAnswer = { answer, head: [], meter, empty: true, refused: false }
  const { deltas } = answer
  const whole = deltas.takeWhole()
  if (whole !== undefined) {
    // of what came whole nothing was shown yet: a fault behind a text can still go to another key
    const fault = whole[faultAt(whole)]?.error
    if (fault) throw fromDelta(fault)
    began.refused = whole.some(isContentRefusal)
    hold(began, whole)
    return began
  }
  try {
    for (;;) {
      const read = await deltas.next()
      if (read.done || hold(began, read.value)) return began
      if (began.head.length > MOST_HEAD)
        throw new GatewayError('bad_answer', `${provider.name} sent ${MOST_HEAD} reads without content`)
    }
  } catch (cause) {
    await deltas.return()
    throw cause
  }
}

/** True when there is something to show. Throws the fault that came before. */
function hold(began: StartedAnswer, deltas: Delta[]): boolean {
  began.meter.see(deltas)
  // mostly the only one: a list of one has no room for sixteen more
  if (began.head.length === 0) began.head = [deltas]
  else began.head.push(deltas)
  for (const delta of deltas) {
    if (!hasContent(delta)) continue
    began.empty = false
    return true
  }
  for (const delta of deltas) {
    if (delta.error) throw fromDelta(delta.error)
    if (explainsEmptiness(delta)) began.empty = false
    if (isContentRefusal(delta)) began.refused = true
  }
  return false
}

/** Throws a GatewayError `unsupported` for a route that does not go on from a beginning: then nothing is sent. */
function begun(requestState: RequestState, provider: GatewayProvider, model: string): ChatRequest {
  const prefix = provider.prefix ?? provider.format.prefix(model)
  if (prefix === false) throw new GatewayError('unsupported', `${provider.name} cannot continue a partial answer.`)
  return withPrefix(requestState.request, requestState.beginning, prefix)
}

/** Reads that may be held back while nothing is to be shown. */
const MOST_HEAD = 1000
