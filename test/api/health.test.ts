/** What /health, /ready and /health/providers say of keys that rest or are gone, and of a configuration that was refused. */
import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { registerHealth } from '../../src/api/routes/health.ts'
import type { ReloadState } from '../../src/runtime/reloads.ts'
import type { SchedulerReport } from '../../src/scheduler/types.ts'

interface Facts {
  states: [provider: string, state: string, reason?: string][]
  isStopping?: boolean
  reloads?: ReloadState
}

async function ask(url: string, { states, isStopping = false, reloads }: Facts) {
  const app = Fastify()
  app.decorateRequest('isAdmin', true)
  const keys = states.map(([provider, state, reason], index) => ({
    key: `${provider}#${index}`,
    provider,
    state,
    inFlight: 1,
    weight: 1,
    ...(reason !== undefined && { reason }),
  }))
  const report: SchedulerReport = { inFlight: keys.length, queued: 0, scopes: [], rests: [], keys, pools: [] }
  registerHealth(app, {
    scheduler: { report: () => report },
    running: { isStopping: () => isStopping },
    overload: { isOver: () => false },
    reloads: reloads && { state: () => reloads, reload: () => Promise.resolve(reloads) },
  })
  const { statusCode, json } = await app.inject(url)
  return { status: statusCode, body: json() as unknown }
}

it.each([
  ['a key is ready', ['ready'], 200],
  ['keys rest: they come back by themselves', ['cooling', 'cooling'], 200],
  ['a dead key is on trial', ['probing'], 200],
  ['one of two is left', ['retired', 'slow'], 200],
  ['all are dead or off', ['retired', 'disabled'], 503],
  ['there is none', [], 503],
])('/ready when %s', async (_name, states, status) => {
  expect((await ask('/ready', { states: states.map((state) => ['acme', state]) })).status).toBe(status)
})

it('/ready is over when the server stops, and says why', async () => {
  const { status, body } = await ask('/ready', { states: [['acme', 'ready']], isStopping: true })
  expect({ status, body }).toEqual({ status: 503, body: { status: 'not ready', why: 'stopping' } })
})

it('a refused configuration is told, and its text to administrators alone', async () => {
  const facts: Facts = {
    states: [['acme', 'ready']],
    reloads: {
      loaded: '2026-01-01T00:00:00.000Z',
      refused: { at: '2026-01-02T00:00:00.000Z', why: 'providers.yaml:1:1' },
    },
  }
  for (const url of ['/health', '/ready']) {
    const { status, body } = await ask(url, facts)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      configuration: { status: expect.stringContaining('refused'), refused_at: expect.any(String) },
    })
    expect(JSON.stringify(body)).not.toContain('providers.yaml')
  }
  expect((await ask('/health/providers', facts)).body).toMatchObject({
    configuration: { refused: { why: 'providers.yaml:1:1' } },
  })
})

it('/health/providers tells each by its best key', async () => {
  const { body } = await ask('/health/providers', {
    states: [
      ['acme', 'retired', 'credentials refused'],
      ['acme', 'ready'],
      ['slowly', 'cooling', 'rate limited'],
      ['gone', 'retired', 'credentials refused'],
      ['gone', 'retired', 'credentials refused'],
    ],
  })
  expect(body).toMatchObject({
    providers: {
      acme: { status: 'ok', in_flight: 2, keys: { retired: 1, ready: 1 }, why: ['credentials refused'] },
      slowly: { status: 'resting', why: ['rate limited'] },
      gone: { status: 'down', keys: { retired: 2 }, why: ['credentials refused'] },
    },
  })
})
