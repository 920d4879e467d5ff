/**
 * `npm run bench:ipc`: what a lease by message costs, in microseconds of CPU in the worker and in the owner of the scheduler: taken and
 * settled one by one, and 16 at a time. The medians of many batches; the scheduler itself has one key without limits.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import type { ToOwner, ToWorker } from '../../src/workers/messages.ts'
import { createMessageBatch } from '../../src/workers/message-batch.ts'
import { createWorkerSession } from '../../src/workers/worker-session.ts'
import { createRemoteScheduler } from '../../src/workers/remote-scheduler.ts'

const LEASES = 20_000
const BATCHES = 15
const WARM_UP = 5
const AT_ONCE = [1, 16]

/** Between the messages of the two: a batch begins, and has ended with so much CPU used in the worker. */
type Mark = { begin: number } | { used: number }

if (process.send) await work()
else await own()

/** The worker: takes and settles leases as it is told. */
async function work(): Promise<void> {
  const outbox = createMessageBatch<ToOwner>((messages) => void process.send?.(messages))
  const scheduler = createRemoteScheduler((message) => outbox.put(message))
  process.on('message', (told: ToWorker[] | Mark) => {
    if (Array.isArray(told)) for (const message of told) scheduler.hear(message)
    else if ('begin' in told) void batch(told.begin)
  })

  async function batch(atOnce: number): Promise<void> {
    const before = process.cpuUsage()
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let n = 0; n < LEASES / atOnce; n++) {
          const lease = await scheduler.acquire({ model: 'chat', input: 100, maxOutput: 100, needs: {} })
          lease.settle({ input: 100, output: 50 })
        }
      }),
    )
    const { user, system } = process.cpuUsage(before)
    process.send?.({ used: user + system })
  }
}

async function own(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' })
  const outbox = createMessageBatch<ToWorker>((messages) => void child.send(messages))
  const route = { provider: 'acme', model: 'm', weight: 1, tier: 0, limits: [] }
  const scheduler = createScheduler({
    providers: [{ name: 'acme', weight: 1, limits: [], keys: [{ name: 'acme#1', weight: 1, limits: [] }] }],
    pools: [{ model: 'chat', weight: 1, routes: [route], limits: [] }],
    options: {},
  })
  const desk = createWorkerSession({
    scheduler: () => scheduler,
    send: (message) => outbox.put(message),
    page: async () => '',
    administration: { administer: async () => ({}) },
    clients: () => [],
    heard: () => {},
    configuration: '',
    reloads: { state: () => ({ loaded: '' }), reload: () => Promise.resolve({ loaded: '' }) },
    counted: () => {},
    failed: (cause) => console.error(cause),
    ready: () => {},
  })
  let ended = (_used: number): void => {}
  child.on('message', (told: ToOwner[] | Mark) => {
    if (Array.isArray(told)) for (const message of told) desk.hear(message)
    else if ('used' in told) ended(told.used)
  })

  console.log(`Node ${process.version}, medians of ${BATCHES} batches of ${LEASES} leases, CPU µs a lease\n`)
  console.log('at once   worker   owner')
  for (const atOnce of AT_ONCE) {
    const worker: number[] = []
    const owner: number[] = []
    for (let n = 0; n < WARM_UP + BATCHES; n++) {
      const before = process.cpuUsage()
      const used = await new Promise<number>((resolve) => {
        ended = resolve
        child.send({ begin: atOnce })
      })
      const { user, system } = process.cpuUsage(before)
      if (n < WARM_UP) continue
      worker.push(used / LEASES)
      owner.push((user + system) / LEASES)
    }
    console.log(
      `${String(atOnce).padStart(7)} ${[worker, owner].map((each) => median(each).toFixed(1).padStart(8)).join('')}`,
    )
  }
  scheduler.close()
  child.disconnect()
  await once(child, 'exit')
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}
