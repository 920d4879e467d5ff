/** Money is one for all processes, and it and the log of requests outlive a killed server. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { createRecordReader } from '../../src/store/sqlite/request-reader.ts'
import { ask, serve, setStage, SOON, stage, write, workers } from './stage.ts'

setStage()

/** One answer is two tokens: a cent. */
const price = { input: 5000, output: 5000 }
const alice = { authorization: 'Bearer key-of-alice', 'x-max-wait': '0' }

it('holds a budget over all workers, and over kill -9', async () => {
  write({})
  const config = JSON.parse(readFileSync(stage.file, 'utf8')) as { providers: { vendor: object } }
  Object.assign(config.providers.vendor, { models: { m: { price } } })
  const clients = { alice: { keys: 'key-of-alice', limits: { usd: 2, per: 'day' } } }
  writeFileSync(stage.file, JSON.stringify({ ...config, clients }))
  const data = path.join(stage.folder, 'data')
  const spent = async (): Promise<number> => (await createRecordReader(data).spend({ by: ['client'] }))[0]?.cost ?? 0

  const url = await serve(4, '--data', data)
  let served = 0
  for (let turn = 0, goesOn = true; goesOn && turn < 300; turn++) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(url, alice)))
    await Promise.all(answers.map((each) => each.text()))
    const good = answers.filter(({ status }) => status === 200).length
    served += good
    goesOn = good > 0
  }
  expect(stage.taken).toBe(served)
  expect(served).toBeGreaterThan(10)
  // a request begins only where its money is there, so no more than the last ones' own cost comes on top
  expect(served).toBeLessThanOrEqual(200 + 8)
  await expect.poll(spent, SOON).toBeCloseTo(served / 100, 6)

  // the journal is written each second: what was spent is in it by the time that the log has it, or a second later
  await expect
    .poll(async () => Date.now() - Number((await createRecordReader(data).list({})).at(-1)?.at ?? Date.now()), SOON)
    .toBeGreaterThan(2500)
  const alive = workers()
  stage.child?.kill('SIGKILL')
  if (stage.child) await once(stage.child, 'exit')
  expect(alive.length).toBe(4)

  const again = await serve(1, '--data', data)
  const before = stage.taken
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(again, alice)))
  const after = answers.filter(({ status }) => status === 200).length
  expect(stage.taken - before).toBe(after)
  expect(served + after).toBeLessThanOrEqual(200 + 8)
  expect(
    (await createRecordReader(data).list({ limit: 1000 })).filter(({ outcome }) => outcome === 'ok').length,
  ).toBeGreaterThanOrEqual(served)
}, 180_000)
