/** Charts of many who look, out of one long log. */
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registerTraffic, type TrafficQuestion } from '../../src/api/console/traffic.ts'

let app: FastifyInstance
let now = 0
/** Milliseconds that a look at the log takes. */
let takes = 0
let asked: TrafficQuestion[] = []

beforeEach(() => {
  ;[now, takes, asked] = [1_000_000, 100, []]
  app = Fastify()
  app.decorateRequest('isAdmin', true)
  const traffic = async (question: TrafficQuestion): Promise<never[]> => {
    asked.push(question)
    now += takes
    return []
  }
  registerTraffic(
    app,
    () => ({ traffic }),
    () => now,
  )
})
afterEach(() => app.close())

/** Of the fifteen minutes that end at a moment, by the page's step. */
async function look(until: number, by = 'model'): Promise<number> {
  const url = `/v1/admin/traffic?by=${by}&since=${until - 900_000}&until=${until}&step=15000`
  return ((await app.inject(url)).json() as { until: number }).until
}

test('a log that takes long is read once for all who look, and again when it has rested', async () => {
  expect(await look(1_005_000)).toBe(1_005_000)
  now += 10_000
  expect(await look(1_020_000)).toBe(1_005_000)
  expect(asked.length).toBe(1)
  now += 10_000
  expect(await look(1_035_000)).toBe(1_035_000)
  expect(asked.length).toBe(2)
})

test('a log that takes nothing is read whenever somebody looks', async () => {
  takes = 0
  await look(1_005_000)
  await look(1_005_000)
  expect(asked.length).toBe(2)
})

test('who asks for something else gets that', async () => {
  await look(1_005_000)
  await look(1_005_000, 'client')
  expect(await look(905_000)).toBe(905_000)
  expect(await look(1_905_000)).toBe(1_905_000)
  expect(asked.length).toBe(4)
})
