import { describe, expect, it } from 'vitest'
import { createIncident, noteAnswer, noteFault } from '../../src/scheduler/health/incident.ts'
import { ask, provider, rpm, setUp } from './fixture.ts'

describe('keys that are refused together', () => {
  const owners = Array.from({ length: 10 }, () => ({}))
  const refuseAll = (incident: ReturnType<typeof createIncident>, now: number) =>
    owners.map((owner) =>
      noteFault(
        incident,
        {
          owner,
          owners: 10,
          trouble: 'limit',
          kind: 'rate_limit',
          sent: now,
          origin: owner,
          told: undefined,
          undo() {},
        },
        now,
      ),
    )

  it('only share an incident if nobody is let in for long, where the last one was over at once', () => {
    const incident = createIncident()
    expect(refuseAll(incident, 10_000)).toContain(true)
    expect(noteAnswer(incident, 11_000, 11_400)).toBe(true)
    expect(refuseAll(incident, 12_000)).not.toContain(true)
    expect(refuseAll(incident, 14_000)).toContain(true)
    expect(noteAnswer(incident, 30_000, 30_400)).toBe(true)
    expect(refuseAll(incident, 31_000)).toContain(true)
  })
})

describe('refusals of a key', () => {
  it('are not in a row when a request that left between them is answered', async () => {
    const rest = async (answered: boolean) => {
      const { scheduler, clock } = setUp([provider('p', [[rpm(60, { shape: 'bucket' })]])])
      const refuse = async (retryAfter?: number) =>
        (await scheduler.acquire(ask())).fail({ kind: 'rate_limit', retryAfter, started: false })
      await refuse(1000)
      await clock.advance(1001)
      const between = await scheduler.acquire(ask())
      await clock.advance(1)
      await refuse(1000)
      if (answered) between.started(500)
      await clock.advance(1001)
      await refuse()
      return scheduler.explain(ask())[0]?.eta
    }
    expect(await rest(true)).toBe(600)
    expect(await rest(false)).toBe(1200)
  })
})
