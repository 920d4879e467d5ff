/** A disk without room, as a small file system of its own: said in plain words, and nobody is stopped. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { run, start } from '../scheduler-http/command-line.ts'
import { answerWell, startVendor, type Vendor } from './vendor.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
const disk = path.join(folder, 'disk')
const data = path.join(disk, 'data')
const config = path.join(folder, 'providers.yaml')
/** Only who may mount has such a disk. */
const isThere =
  spawnSync('mkdir', [disk]).status === 0 &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk]).status === 0

let vendor: Vendor
let child: ReturnType<typeof start> | undefined

beforeAll(async () => {
  vendor = await startVendor((call) => answerWell(call, 'text'))
  const up = { format: 'openai', base_url: vendor.url, keys: ['key-one-0001'], limits: { rpd: 1_000_000 } }
  writeFileSync(config, JSON.stringify({ providers: { up } }))
})

afterEach(() => child?.kill('SIGKILL'))

afterAll(async () => {
  await vendor.close()
  if (isThere) spawnSync('umount', ['-l', disk])
  rmSync(folder, { recursive: true })
})

/** Takes what is left, page by page. */
function fill(): string {
  const file = path.join(disk, 'filler')
  expect(spawnSync('sh', ['-c', 'cat /dev/zero > "$0"', file]).status).not.toBe(0)
  return file
}

describe.skipIf(!isThere)('a full disk', () => {
  it('is named while the server runs; requests are served, and what was counted is kept once there is room', async () => {
    child = start(['serve', '--config', config, '--port', '0', '--data', data], { LOG_LEVEL: 'warn' })
    let said = ''
    child.stderr.on('data', (piece) => (said += String(piece)))
    child.stdout.on('data', (piece) => (said += String(piece)))
    const address = (): string => /balanced-call on (http:\/\/[^/\s]+)/.exec(said)?.[1] ?? ''
    await expect.poll(address, { timeout: 40_000 }).not.toBe('')
    const url = address()
    const ask = (): Promise<number> =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'up/m', messages: [{ role: 'user', content: 'Hello' }] }),
      }).then(async (answer) => (await answer.text(), answer.status))
    const filler = fill()
    // more than the pages that the files have in reserve
    let asked = 0
    await expect
      .poll(
        async () => {
          asked++
          return (await ask()) === 200 ? said : 'a request failed'
        },
        { interval: 50, timeout: 40_000 },
      )
      .toMatch(/the disk is full/)
    // SQLite's own words stand behind ours, for who looks further
    expect(said).toMatch(/requests cannot be logged|what the scheduler counted could not be written/)
    expect(await ask()).toBe(200)
    rmSync(filler)
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    const store = openStore(data)
    const [, used] = store.load()?.entries['["key","up","up#1"]']?.limits?.['requests/86400000']?.state ?? []
    store.close()
    expect(used).toBe(asked + 1)
  })

  it('is named at the start', async () => {
    fill()
    const { code, errors } = await run(['serve', '--config', config, '--port', '0', '--data', path.join(disk, 'other')])
    expect([code, errors]).toEqual([1, expect.stringMatching(/cannot store state in .*: the disk is full; /)])
  })
})
