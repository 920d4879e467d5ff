import type { Answer } from '../gateway/contract.ts'
import type { CandidateReport } from '../scheduler/contract.ts'

/** What a client can learn of how its answer came to be, beside the answer. */
export function answerHeaders(answer: Answer): Record<string, string> {
  const headers: Record<string, string> = {
    ...passed(answer.headers),
    'x-balanced-call-provider': headerText(answer.provider),
    'x-balanced-call-model': headerText(answer.model),
    'x-balanced-call-key': headerText(answer.key),
    'x-balanced-call-attempts': String(answer.attempts),
    'x-balanced-call-queue-ms': String(Math.round(answer.waited)),
  }
  if (answer.explain) headers['x-balanced-call-explain'] = explained(answer.explain)
  if (answer.warnings.length > 0) headers['x-balanced-call-warnings'] = headerText(answer.warnings.join('; '))
  return headers
}

function passed(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]))
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
