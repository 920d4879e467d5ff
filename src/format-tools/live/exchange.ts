/** One real exchange with a vendor: what was sent, what came back, byte for byte, and what a client would get of it. */
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import { GatewayError } from '../../chat/error.ts'
import type { Provider } from '../../config/config.ts'
import type { LimitSignal } from '../../scheduler/types.ts'
import { attempt } from '../../upstream/attempt.ts'
import type { Client, Secret } from '../../upstream/types.ts'
import { answerOf } from '../cases/answer.ts'
import type { Case } from '../cases/case.ts'
import { checkCase } from '../cases/check-case.ts'
import { recordedCase } from './recorded-case.ts'
import type { Probe, Told } from './probes.ts'
import { recording } from './tape.ts'

export interface Exchange {
  probe: Probe
  told: Told
  /** What is wrong with it, one line each. */
  faults: string[]
  /** The exchange as a case, secrets stripped; nothing when no answer came. */
  case?: Case
  signals: LimitSignal[]
  warnings: string[]
  /** Until the answer was whole. */
  milliseconds: number
}

/** Milliseconds. */
const TIMEOUTS = { connect: 10_000, first_byte: 120_000, idle: 60_000, total: 300_000 }
const WRONG_KEY = 'this-key-is-wrong-on-purpose'

export async function exchange(
  probe: Probe,
  provider: Provider,
  model: string,
  secret: Secret,
  client: Client,
): Promise<Exchange> {
  const body = { model, ...probe.body }
  const request = parseChatRequest(body)
  const target = {
    base_url: provider.base_url,
    model,
    secret: probe.wrongKey ? wrongSecret(secret) : secret,
    headers: provider.headers,
  }
  const tape = recording(client, provider.base_url)
  const signals: LimitSignal[] = []
  let warnings: string[] = []
  let failure: GatewayError | undefined
  const started = performance.now()
  try {
    const answer = await attempt(request, provider.format, target, {
      client: tape.client,
      timeouts: TIMEOUTS,
      signal: new AbortController().signal,
      now: () => Date.now(),
      observe: (found) => void signals.push(...found),
      started: () => {},
    })
    warnings = answer.warnings
    for await (const _ of answer.deltas);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    failure = error
  }
  const milliseconds = Math.round(performance.now() - started)
  const taken = tape.taken()
  if (!taken) {
    const { kind, status, message } = failure ?? new GatewayError('bad_answer', 'no answer came')
    const told = { error: { kind, status, message } }
    return { probe, told, faults: [`${kind}: ${message}`], signals, warnings, milliseconds }
  }
  const each = recordedCase(probe.name, { body, model, warnings, ...taken }, provider, target.secret)
  const told = answerOf(each, provider.format, request).given
  const judged = probe.judge(told)
  const faults = [...checkCase(each, provider.format), ...(judged === undefined ? [] : [judged])]
  return { probe, told, faults, case: { ...each, gives: told }, signals, warnings, milliseconds }
}

function wrongSecret(secret: Secret): Secret {
  if (typeof secret === 'string') return WRONG_KEY
  return Object.fromEntries(
    Object.entries(secret).map(([name, value]) => [name, /key|secret|token/i.test(name) ? WRONG_KEY : value]),
  )
}
