/** Why this key: the candidates as they were when it was taken, the taken one first. */
import type { CandidateReport, Lease } from '../scheduler/types.ts'

export function explainHeader(
  { provider, model, key }: Lease,
  candidates: readonly CandidateReport[],
): CandidateReport[] {
  const isTaken = (each: CandidateReport): boolean =>
    each.key === key && each.provider === provider && each.model === model
  // the request itself may have filled the key, so its own row says what was true before
  const tier = candidates.find(isTaken)?.tier ?? 0
  return [{ key, provider, model, tier, eta: 0, reason: 'chosen' }, ...candidates.filter((each) => !isTaken(each))]
}
