/** A scheduler that is always the one of this moment: who holds it need not hear of exchanges. */
import type { LiveScheduler } from './scheduler.ts'

export function followScheduler(inner: () => LiveScheduler): LiveScheduler {
  return {
    acquire: (request) => inner().acquire(request),
    ahead: (request, count) => inner().ahead?.(request, count) ?? [],
    explain: (request) => inner().explain(request),
    adjustKey: (key, change) => inner().adjustKey(key, change),
    report: () => inner().report(),
    waiting: (most) => inner().waiting(most),
    snapshot: () => inner().snapshot(),
    changes: () => inner().changes(),
    clientLimits: () => inner().clientLimits(),
    rouse: () => inner().rouse(),
    restore: (snapshot) => inner().restore(snapshot),
    corrected: (lease) => inner().corrected(lease),
    others: (lease, count) => inner().others(lease, count),
    exchange: (lease, other) => inner().exchange(lease, other),
    knowledgeOf: (lease) => inner().knowledgeOf(lease),
    experienceOf: (lease) => inner().experienceOf(lease),
    takeExperience: (told) => inner().takeExperience(told),
    heed: (knowledge) => inner().heed(knowledge),
    adopt: (lease) => inner().adopt(lease),
    keep: (model, promises) => inner().keep(model, promises),
    handOver: (successor) => inner().handOver(successor),
    close: () => inner().close(),
  }
}
