import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { createLineWriter } from '../../src/observability/line-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'balanced-call-lines-'))
afterAll(() => rmSync(folder, { recursive: true }))
const module = new URL('../../src/observability/line-writer.ts', import.meta.url).href

/** Runs a program that writes to standard output, and gives what came. */
async function run(program: string): Promise<string> {
  const code = `import { createLineWriter } from '${module}'\nconst writer = createLineWriter(1, (n) => n + ' lost\\n')\n${program}`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    maxBuffer: 1e8,
  })
  return stdout
}

const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join('')

describe('lines of the log', () => {
  it('come in their order, however many', async () => {
    const out = await run(`for (let i = 0; i < 50000; i++) writer.write(i + '\\n'); process.once('exit', writer.flush)
      setTimeout(() => {}, 100)`)
    expect(out).toBe(numbers(50_000))
  })

  it('are not lost when the process ends at once', async () => {
    const out = await run(
      `process.once('exit', writer.flush); for (let i = 0; i < 10; i++) writer.write(i + '\\n'); process.exit(0)`,
    )
    expect(out).toBe(numbers(10))
  })

  it('hold no process back whose reader has gone', async () => {
    const code = `import { createLineWriter } from '${module}'
      const writer = createLineWriter(1, (n) => n + ' lost\\n')
      process.once('exit', writer.flush)
      process.stdin.once('data', () => { for (let i = 0; i < 10; i++) writer.write(i + '\\n'); process.exit(0) })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdout.destroy()
    await once(child.stdout, 'close')
    child.stdin.write('go')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('made only when they are written keep their place', () => {
    const file = join(folder, 'deferred')
    const writer = createLineWriter(openSync(file, 'w'), () => '')
    let made = 0
    writer.write('one\n')
    writer.defer(() => `two, ${++made}\n`)
    writer.write('three\n')
    expect(made).toBe(0)
    writer.flush()
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo, 1\nthree\n')
  })

  it('that nobody reads in time are dropped, and counted', () => {
    const file = join(folder, 'lines')
    const writer = createLineWriter(openSync(file, 'w'), (lines) => `${lines} lost\n`)
    const large = `${'x'.repeat(9_000_000)}\n`
    writer.write('first\n')
    // begins to be written at once; the next ones wait for it
    for (let i = 0; i < 4; i++) writer.write(large)
    writer.flush()
    expect(readFileSync(file, 'utf8')).toMatch(/\d lost\n$/)
  })
})
