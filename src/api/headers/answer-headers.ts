import type { Journey } from '../../chat/error.ts'
import { dollarsText } from '../../chat/price.ts'
import type { Answer } from '../../gateway/types.ts'
import type { CandidateReport } from '../../scheduler/types.ts'

/** What a client can learn of how its answer came to be, beside the answer. */
export type AnswerHeaders = (answer: Answer) => Record<string, string>

/** How much: under names of one's own length, or not at all but for warnings and what was asked for. */
export type Told = 'full' | 'short' | 'none'

const PREFIX: Record<Told, string> = { full: 'x-balanced-call-', short: 'x-bc-', none: 'x-balanced-call-' }

const effortNames = (prefix: string) => ({ attempts: `${prefix}attempts`, queue: `${prefix}queue-ms` })
/** Made here: names put together for each answer cost it 3.5 µs. */
const EFFORT = {
  full: effortNames(PREFIX.full),
  short: effortNames(PREFIX.short),
  none: effortNames(PREFIX.none),
}

/** Routes and keys whose headers are kept ready; beyond, all are made anew. */
const MOST_KEPT = 10_000

/** @param redact takes known secrets out of a text */
export function createAnswerHeaders(redact: Redact = asItIs, told: Told = 'full'): AnswerHeaders {
  const prefix = PREFIX[told]
  // few keys give all answers, and what is told of them is the same each time
  const kept = new Map<string, { provider: string; model: string; headers: Record<string, string> }>()

  function sourceHeaders({ provider, model, key }: Answer): Record<string, string> {
    const found = kept.get(key)
    if (found && found.provider === provider && found.model === model) return found.headers
    const headers = redacted(sourceOf({ provider, model, key }, prefix), redact)
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, { provider, model, headers })
    return headers
  }

  return (answer) => {
    const own = told === 'none' ? {} : addEffort({ ...sourceHeaders(answer) }, answer, told)
    const headers: Record<string, string> = answer.headers
      ? { ...redacted(passed(answer.headers), redact), ...own }
      : own
    if (answer.explain) headers[`${prefix}explain`] = redact(explained(answer.explain))
    if (answer.warnings.length > 0) headers[`${prefix}warnings`] = redact(headerText(answer.warnings.join('; ')))
    return headers
  }
}

/** US dollars of a whole answer, for its head; nothing where no price is known, or nobody reads it. */
export function costHeaders(answer: Pick<Answer, 'cost'>, told: Told = 'full'): Record<string, string> {
  const cost = told === 'none' ? undefined : answer.cost()
  return cost === undefined ? NONE : { [`${PREFIX[told]}cost`]: dollarsText(cost) }
}

/** Several answers that were put together: undefined where one of them has no price. */
export function costsOf(answers: readonly Pick<Answer, 'cost'>[]): Pick<Answer, 'cost'> {
  const costs = answers.map((answer) => answer.cost())
  const sum = costs.every((cost) => cost !== undefined) ? costs.reduce((all, cost) => all + cost, 0) : undefined
  return { cost: () => sum }
}

const NONE: Record<string, string> = {}

/** Takes known secrets out of a text. */
type Redact = (text: string) => string
const asItIs: Redact = (text) => text

/** A client can name a secret as its model, and an upstream can say one back. */
export function redacted(headers: Record<string, string>, redact: Redact): Record<string, string> {
  for (const name in headers) headers[name] = redact(headers[name] ?? '')
  return headers
}

function passed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]))
}

/** Who was asked, how often, and how long it waited for that: of an answer, and of a failure. */
export function journeyHeaders(journey: Journey, told: Told = 'full'): Record<string, string> {
  return told === 'none' ? {} : addEffort(sourceOf(journey, PREFIX[told]), journey, told)
}

function sourceOf({ provider, model, key }: Partial<Journey>, prefix: string): Record<string, string> {
  const headers: Record<string, string> = {}
  if (provider !== undefined) headers[`${prefix}provider`] = headerText(provider)
  if (model !== undefined) headers[`${prefix}model`] = headerText(model)
  if (key !== undefined) headers[`${prefix}key`] = headerText(key)
  return headers
}

function addEffort(
  headers: Record<string, string>,
  { attempts, waited }: Pick<Journey, 'attempts' | 'waited'>,
  told: Told,
): Record<string, string> {
  const names = EFFORT[told]
  headers[names.attempts] = String(attempts)
  headers[names.queue] = String(Math.round(waited))
  return headers
}

/** Characters that a header may have: Node refuses line ends and what is not Latin-1; 2 KiB pass every proxy. */
export function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, '?').slice(0, 2048)
}

/** Candidates in a header's room: what does not fit is counted. */
const MOST_EXPLAINED = 6 * 1024

function explained(candidates: readonly CandidateReport[]): string {
  const shown: CandidateReport[] = []
  let size = 0
  for (const candidate of candidates) {
    size += JSON.stringify(candidate).length + 1
    if (size > MOST_EXPLAINED) break
    shown.push(candidate)
  }
  return JSON.stringify({ candidates: shown, more: candidates.length - shown.length }).replaceAll(/[^\x20-\x7e]/g, '?')
}
