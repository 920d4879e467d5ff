/** Clients' keys that are made while four workers serve: each knows at once, and kill -9 forgets none. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ask, serve, setStage, stage, status, write, workers } from './stage.ts'

setStage()

const admin = { authorization: 'Bearer key-of-admin', 'content-type': 'application/json', connection: 'close' }

async function change(url: string, method: string, of: string, body: object = {}) {
  const answer = await fetch(`${url}/v1/admin/keys${of}`, { method, headers: admin, body: JSON.stringify(body) })
  return (await answer.json()) as { key: string; id: string }
}

/** Of 12 requests, each on a connection of its own, so that every worker gets some. */
async function statuses(url: string, key: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${key}`, 'x-max-wait': '0' }
  const all = await Promise.all(Array.from({ length: 12 }, () => status(ask(url, headers))))
  return [...new Set(all)].toSorted((a, b) => a - b)
}

it('holds in every worker at once, over all of them together, and over kill -9', async () => {
  write({ server: { admin_keys: ['key-of-admin'] } })
  const config = JSON.parse(readFileSync(stage.file, 'utf8')) as { providers: { vendor: object } }
  // one answer is two tokens: a cent
  Object.assign(config.providers.vendor, { models: { m: { price: { input: 5000, output: 5000 } } } })
  writeFileSync(stage.file, JSON.stringify(config))
  const data = path.join(stage.folder, 'data')
  const url = await serve(4, '--data', data)
  expect(workers()).toHaveLength(4)
  for (let turn = 0; turn < 2; turn++) {
    const made = await change(url, 'POST', '', { name: `client-${turn}` })
    expect(await statuses(url, made.key)).toEqual([200])
    const next = await change(url, 'POST', `/${made.id}/rotate`, { overlap: 0 })
    expect(await statuses(url, made.key)).toEqual([401])
    expect(await statuses(url, next.key)).toEqual([200])
    await change(url, 'PATCH', `/${made.id}`, { models: ['other'] })
    expect(await statuses(url, next.key)).toEqual([403])
    await change(url, 'DELETE', `/${made.id}`)
    expect(await statuses(url, next.key)).toEqual([401])
  }

  const alice = await change(url, 'POST', '', { name: 'alice', limits: { usd: 2, per: 'day' } })
  const before = stage.taken
  for (let turn = 0; turn < 30 && (await statuses(url, alice.key)).includes(200); turn++);
  const served = stage.taken - before
  expect(served).toBeGreaterThan(10)
  expect(served).toBeLessThanOrEqual(200 + 12)
  expect(await statuses(url, alice.key)).toEqual([429])
  const bob = await change(url, 'POST', '', { name: 'bob' })
  stage.child?.kill('SIGKILL')
  if (stage.child) await once(stage.child, 'exit')

  const again = await serve(2, '--data', data)
  expect(await statuses(again, bob.key)).toEqual([200])
  const rotated = await change(again, 'POST', '/alice/rotate')
  const later = stage.taken
  await statuses(again, rotated.key)
  // at most the last second is forgotten
  expect(served + stage.taken - later).toBeLessThanOrEqual(200 + 24)
}, 120_000)
