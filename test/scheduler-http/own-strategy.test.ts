import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway } from './gateway.ts'

let folder: string
let sandbox: Sandbox
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strategy-'))
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
})
afterAll(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

function configured(code: string): Record<string, unknown> {
  const strategy = join(folder, `${Math.random()}.mjs`)
  writeFileSync(strategy, code)
  return {
    scheduler: { strategy },
    providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys: ['a', 'b', 'c'] } },
    models: { fast: ['up/sandbox'] },
  }
}

it("a user's own strategy chooses the keys", async () => {
  const gateway = await startGateway(configured("export default ({ key }) => (key === 'up#2' ? 0 : 1)"))
  for (let i = 0; i < 4; i++) expect((await gateway.ask()).headers.get('x-balanced-call-key')).toBe('up#2')
  await gateway.close()
})

it.each(['export default 1', 'export default (', 'export const score = 1'])(
  'a file that is none is named: %s',
  async (code) => {
    const config = configured(code)
    await expect(startGateway(config)).rejects.toThrow(/^\/.*\.mjs:1:1 {2}this is not a strategy: /)
  },
)
