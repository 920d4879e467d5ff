import type { Journey } from '../chat/error.ts'
import type { Answer } from '../gateway/contract.ts'
import type { CandidateReport } from '../scheduler/contract.ts'

/** What a client can learn of how its answer came to be, beside the answer. */
export function answerHeaders(answer: Answer, redact: Redact = asItIs): Record<string, string> {
  const headers = { ...passed(answer.headers), ...journeyHeaders(answer) }
  if (answer.explain) headers['x-balanced-call-explain'] = explained(answer.explain)
  if (answer.warnings.length > 0) headers['x-balanced-call-warnings'] = headerText(answer.warnings.join('; '))
  return redacted(headers, redact)
}

/** Takes known secrets out of a text. */
type Redact = (text: string) => string
const asItIs: Redact = (text) => text

/** A client can name a secret as its model, and an upstream can say one back. */
export function redacted(headers: Record<string, string>, redact: Redact): Record<string, string> {
  for (const name in headers) headers[name] = redact(headers[name] ?? '')
  return headers
}

function passed(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]))
}

/** Who was asked, how often, and how long it waited for that: of an answer, and of a failure. */
export function journeyHeaders({ provider, model, key, attempts, waited }: Journey): Record<string, string> {
  const headers: Record<string, string> = {}
  if (provider !== undefined) headers['x-balanced-call-provider'] = headerText(provider)
  if (model !== undefined) headers['x-balanced-call-model'] = headerText(model)
  if (key !== undefined) headers['x-balanced-call-key'] = headerText(key)
  headers['x-balanced-call-attempts'] = String(attempts)
  headers['x-balanced-call-queue-ms'] = String(Math.round(waited))
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
