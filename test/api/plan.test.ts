/** Plans of the page: reckoned beside the server, bounded, given up when nobody waits for them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { registerPlan } from '../../src/api/console/plan.ts'
import { createPlanner, type PlannerBounds } from '../../src/app/plan/planner.ts'
import { GatewayError } from '../../src/chat/error.ts'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createRequestLog } from '../../src/store/sqlite/request-log.ts'

const CONFIG = `
providers:
  acme:
    format: openai
    base_url: http://127.0.0.1:1/v1
    keys: [the-secret-1, the-secret-2]
    limits: { rpm: 6 }
    models: { large: {} }
models: { deep: [acme/large] }
aliases: { 'gpt-*': deep }
scheduler: { strategy: ./latest.mjs }
`
const NOW = Date.UTC(2026, 10, 29, 12)

let folder: string
let apps: FastifyInstance[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'balanced-call-plan-'))
  writeFileSync(join(folder, 'providers.yaml'), CONFIG)
  writeFileSync(join(folder, 'latest.mjs'), 'export default () => 0')
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function served(bounds?: PlannerBounds, data = folder): Promise<string> {
  const config = loadConfig(join(folder, 'providers.yaml'), {})
  const app = Fastify()
  apps.push(app)
  app.decorateRequest('isAdmin', true)
  app.setErrorHandler((error, _request, reply) => {
    const { status, message, code } = error instanceof GatewayError ? error : { ...Object(error), status: 500 }
    return reply.code(status as number).send({ error: { message: String(message), code: String(code) } })
  })
  registerPlan(
    app,
    createPlanner(config, { folder: data }, () => NOW, bounds),
    (text) => text,
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as { port: number }).port}/v1/admin/plan`
}

function ask(url: string, question: object, signal: AbortSignal | null = null): Promise<Response> {
  const body = JSON.stringify({ model: 'deep', ...question })
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
}

async function events(answer: Response): Promise<Record<string, never>[]> {
  const text = await answer.text()
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Record<string, never>)
}

/** One request every `gap` seconds. */
function trace(count: number, gap: number): string {
  return Array.from({ length: count }, (_, n) => `${n * gap},100,50`).join('\n')
}

test('a plan tells each run, then what it takes, by the strategy of the file', async () => {
  const all = await events(await ask(await served(), { trace: trace(120, 2), target: 99 }))
  expect(all[0]).toEqual({ runs: 0, requests: 120 })
  expect(all.slice(0, -1).map(({ runs }) => runs)).toEqual(all.slice(0, -1).map((_, index) => index))
  expect(all.at(-1)).toMatchObject({
    report: {
      model: 'deep',
      requests: 120,
      embedded: false,
      keys: [{ key: 'acme/large#acme#1' }, { key: 'acme/large#acme#2' }],
      target: { reached: false, remedies: [{ add: 'keys', provider: 'acme', more: 3 }, { add: 'limits' }] },
    },
  })
  expect(JSON.stringify(all)).not.toContain('the-secret')
})

test('the log is read by model, aliases meant, with those that nobody served', async () => {
  const log = createRequestLog({
    folder,
    age: 1e12,
    size: 1e9,
    wall: () => NOW - 60_000,
    redact: String,
    failed() {},
    again() {},
  })
  const how = { stream: false, outcome: 'ok', attempts: 1, queue_ms: 0, total_ms: 9 } as const
  const unknown = { id: 'a', client: 'alice', model: 'deep', ...how }
  const record: RequestRecord = { ...unknown, input_tokens: 10, output_tokens: 20 }
  log.record(record)
  log.record({ ...record, model: 'gpt-9' })
  log.record({ ...record, model: 'acme/large' })
  log.record({ ...unknown, outcome: 'queue_full' })
  log.close()
  const url = await served()
  expect((await events(await ask(url, { hours: 1 }))).at(-1)).toMatchObject({
    report: { requests: 3, supposed: 1, target: { percentage: 99, reached: true } },
  })
  const none = await ask(url, { hours: 0.001 })
  expect([none.status, await none.json()]).toMatchObject([400, { error: { code: 'no_requests' } }])
})

test.each([
  [{ trace: `${'b'.repeat(1e6)},1` }, 400, /^.{100,300}$/],
  [{ trace: 'a,b' }, 400, /line 1: t_s/],
  [{ trace: trace(40, 1) }, 413, /40 requests, and 30 at most/],
  [{ trace: trace(2, 1), model: 'nothing' }, 404, /no model nothing/i],
  [{ target: 101 }, 400, /target is a number above 0, 100 at most/],
  [{ speed: 0 }, 400, /speed is/],
  [{ trace: 7 }, 400, /trace is/],
  [{ model: '' }, 400, /model is/],
])('%# is refused by its status', async (question, status, message) => {
  const answer = await ask(await served({ requests: 30, time: 60_000 }), question)
  const { error } = (await answer.json()) as { error: { message: string } }
  expect([answer.status, error.message]).toEqual([status, expect.stringMatching(message)])
})

test('a log that cannot be read is told as elsewhere', async () => {
  const damaged = mkdtempSync(join(tmpdir(), 'balanced-call-plan-'))
  try {
    writeFileSync(join(damaged, 'requests.sqlite'), 'no database at all')
    const answer = await ask(await served(undefined, damaged), { hours: 1 })
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'request_log_unreadable' } }])
  } finally {
    rmSync(damaged, { recursive: true })
  }
})

test('one at a time; it is given up when nobody waits', async () => {
  const url = await served({ requests: 100_000, time: 60_000 })
  const leaving = new AbortController()
  const first = await ask(url, { trace: trace(30_000, 0.1) }, leaving.signal)
  const second = await ask(url, { trace: trace(2, 1) })
  expect([second.status, await second.json()]).toMatchObject([409, { error: { code: 'plan_running' } }])
  leaving.abort()
  await expect(first.text()).rejects.toThrow()
  await expect.poll(async () => (await ask(url, { trace: '' })).status).toBe(400)
})

test('one that takes too long is given up', async () => {
  const answer = await ask(await served({ requests: 100_000, time: 1 }), { trace: trace(2, 1) })
  expect([answer.status, await answer.json()]).toMatchObject([504, { error: { code: 'plan_too_long' } }])
})
