/** Replicas in one process: each a scheduler of its own with its own connection, all on one ledger. */
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { createReplicas, type OnLoss, type Replicas } from '../../src/replicas/replicated-scheduler.ts'
import { realClock } from '../../src/scheduler/clock.ts'
import type { AcquireRequest, LimitSpec } from '../../src/scheduler/types.ts'
import { createScheduler, type LiveScheduler, type SchedulerSpec } from '../../src/scheduler/scheduler.ts'

export const request = (more: Partial<AcquireRequest> = {}): AcquireRequest => ({
  model: 'm',
  input: 10,
  maxOutput: 90,
  needs: {},
  ...more,
})

/** One pool of one provider with so many keys. */
export function specOf(limits: LimitSpec[], keys = 1, max_wait = 20_000): SchedulerSpec {
  const spec = (index: number) => ({ name: `p#${index + 1}`, weight: 1, limits })
  return {
    providers: [{ name: 'p', weight: 1, limits: [], keys: Array.from({ length: keys }, (_, index) => spec(index)) }],
    pools: [
      { model: 'm', weight: 1, limits: [], routes: [{ provider: 'p', model: 'x', weight: 1, tier: 0, limits: [] }] },
    ],
    options: { max_wait },
  }
}

export interface Replica {
  readonly scheduler: LiveScheduler
  /** Another configuration takes over. */
  reload(spec: SchedulerSpec): void
  replicas: Replicas
  ledger: Ledger
  /** When the ledger went away and came back, and why. */
  changes: { isAway: boolean; why: string }[]
  close(): Promise<void>
}

export interface ReplicaSpec {
  url: string
  name: string
  spec: SchedulerSpec
  on_loss?: OnLoss
  timeout?: number
}

export async function startReplica({
  url,
  name,
  spec,
  on_loss = 'share',
  timeout = 1000,
}: ReplicaSpec): Promise<Replica> {
  let scheduler = createScheduler(spec)
  const changes: Replica['changes'] = []
  const ledger = await connectLedger({
    url,
    prefix: 'test',
    timeout,
    replica: name,
    wall: () => realClock.wall(),
    freed: (told) => replicas.freed(told),
    said: (text) => replicas.hear(text),
    failed: () => {},
  })
  const replicas = createReplicas(() => scheduler, ledger, {
    replica: name,
    on_loss,
    least: 1,
    clock: realClock,
    random: Math.random,
    changed: (isAway, why) => changes.push({ isAway, why }),
  })
  await replicas.start()
  return {
    get scheduler() {
      return scheduler
    },
    reload(next) {
      const successor = createScheduler(next)
      scheduler.handOver(successor)
      scheduler = successor
    },
    replicas,
    ledger,
    changes,
    async close() {
      replicas.close()
      scheduler.close()
      await ledger.close()
    },
  }
}
