/** Log probabilities of an answer's tokens as this API tells them, from OpenAI's. */
import { isRecord } from '../chat-completions/json-value.ts'

interface Candidate {
  token: unknown
  logProbability: unknown
}

/** @param told one entry a token; undefined where there are none */
export function logprobsResult(told: readonly unknown[] | undefined): Record<string, unknown> | undefined {
  const tokens = (told ?? []).filter(isRecord)
  if (tokens.length === 0) return undefined
  const others = tokens.map(({ top_logprobs: top }) => ({
    candidates: (Array.isArray(top) ? top.filter(isRecord) : []).map(candidate),
  }))
  return {
    chosenCandidates: tokens.map(candidate),
    ...(others.some(({ candidates }) => candidates.length > 0) && { topCandidates: others }),
  }
}

function candidate({ token, logprob }: Record<string, unknown>): Candidate {
  return { token, logProbability: logprob }
}
