/** The owner's side of a worker: what a worker is told, and what it is not. */
import { expect, test } from 'vitest'
import type { Scheduler } from '../../src/scheduler/types.ts'
import type { ToWorker } from '../../src/workers/messages.ts'
import { createWorkerSession } from '../../src/workers/worker-session.ts'

test("a fault of the owner's is told as one, without its text", async () => {
  const fault = new TypeError('limits is not iterable: sk-secret-1')
  const scheduler: Scheduler = {
    acquire: () => Promise.reject(fault),
    report: () => Promise.reject(fault),
    waiting: () => Promise.reject(fault),
    adjustKey: () => Promise.reject(fault),
    close: () => {},
  }
  const failures: unknown[] = []
  const told = new Promise<ToWorker>((resolve) => {
    const desk = createWorkerSession({
      scheduler: () => scheduler,
      page: () => Promise.resolve(''),
      administration: { administer: async () => ({}) },
      clients: () => [],
      heard: () => {},
      configuration: '',
      reloads: { state: () => ({ loaded: '' }), reload: () => Promise.resolve({ loaded: '' }) },
      counted: () => {},
      ready: () => {},
      failed: (cause) => void failures.push(cause),
      send: resolve,
    })
    desk.hear(['acquire', 7, { model: 'm', input: 1, maxOutput: null, needs: {} }])
  })
  const [what, id, refusal] = (await told) as Extract<ToWorker, ['refused', ...unknown[]]>
  expect([what, id, refusal.kind]).toEqual(['refused', 7, 'internal'])
  expect(refusal.message).not.toContain('limits')
  expect(failures).toEqual([fault])
})
