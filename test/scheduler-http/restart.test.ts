import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import type { SchedulerReport } from '../../src/scheduler/types.ts'
import { run } from '../../src/cli/commands/serve.ts'
import { openStore } from '../../src/store/store.ts'
import { greeted, start } from './command-line.ts'
import { startGateway, used } from './gateway.ts'

/** Milliseconds of counting that a killed process may lose. */
const LOST = 1000

let folder: string
let sandbox: Sandbox
const running: ReturnType<typeof start>[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'restart-'))
  sandbox = await startSandbox({
    first_byte: 0,
    pace: 0,
    keys: ['good', 'other'],
    enforce: {
      dialect: 'openai',
      limits: [{ metric: 'requests', amount: 40, period: 60_000, shape: 'bucket' }],
    },
  })
})
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const configuration = () => ({
  providers: {
    up: {
      format: 'openai',
      base_url: `${sandbox.url}/v1`,
      limits: [
        { requests: 100, per: 'minute', shape: 'bucket' },
        { requests: 5000, per: 'day', resets: '00:00 UTC' },
        { requests: 90_000, per: 'month', resets: '00:00 UTC' },
      ],
      keys: ['dead', 'good', 'other'],
    },
  },
  models: { fast: ['up/sandbox-fast'] },
})

function configured(server: Record<string, unknown> = {}): string {
  const file = join(folder, 'providers.yaml')
  writeFileSync(file, JSON.stringify({ ...configuration(), server }))
  return file
}

async function serve(file: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = start(['serve', '--config', file, '--port', '0', ...args], { LOG_LEVEL: 'warn', ...env })
  running.push(child)
  return { child, url: await greeted(child) }
}

async function kill(child: ReturnType<typeof start>): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

const ask = (url: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }),
  })

const report = async (url: string): Promise<SchedulerReport> => (await fetch(`${url}/v1/scheduler`)).json() as never

describe('a gateway that was killed, and its successor', { timeout: 30_000 }, () => {
  it('goes on counting days and months, keeps what it learnt, and leaves dead keys alone', async () => {
    const file = configured()
    const data = join(folder, 'data')
    const first = await serve(file, ['--data', data])
    for (let i = 0; i < 10; i++) expect((await ask(first.url)).status).toBe(200)
    const before = await report(first.url)
    expect(used(before, 'requests/86400s')).toBe(10)
    expect(before.keys.find(({ key }) => key === 'up#1')?.state).toBe('retired')
    // what is lost is at most the last second: after it, everything is kept
    await pause(LOST + 200)
    await kill(first.child)

    const second = await serve(file, [], { BALANCED_CALL_DATA: data })
    const after = await report(second.url)
    expect(after.inFlight).toBe(0)
    for (const limit of ['requests/86400s', 'requests/2592000s']) {
      // one more for each of two keys: what the last second may have held
      expect(used(after, limit)).toBeGreaterThanOrEqual(10)
      expect(used(after, limit)).toBeLessThanOrEqual(12)
    }
    const minute = after.scopes.filter(({ limit, amount }) => limit === 'requests/60s' && amount === 40)
    expect(minute).toHaveLength(2)
    for (const { learnt } of minute) expect(learnt).toContain('the provider says 40')
    expect(after.keys.find(({ key }) => key === 'up#1')).toMatchObject({
      state: 'retired',
      reason: expect.stringContaining('refused'),
    })
    expect((await ask(second.url)).status).toBe(200)
    expect(sandbox.stats.keys['dead']?.requests).toBe(1)
  })

  it('loses nothing when it was told to stop', async () => {
    const first = await startGateway(configuration(), { store: openStore(folder) })
    await first.ask()
    await first.close()
    const second = await startGateway(configuration(), { store: openStore(folder) })
    expect(used(await second.report(), 'requests/86400s')).toBe(1)
    await second.close()
  })

  it('starts from nothing, and leaves nothing, when no folder is named', async () => {
    const first = await startGateway(configuration())
    await first.ask()
    await first.close()
    const second = await startGateway(configuration())
    expect(used(await second.report(), 'requests/86400s')).toBe(0)
    await second.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('says what to do when the folder cannot be used', async () => {
    const file = configured({ data: 'providers.yaml' })
    await expect(run(['--config', file, '--port', '0'])).rejects.toThrow(
      /^cannot store state in .*providers.yaml: .*; choose another folder with --data$/,
    )
  })
})
