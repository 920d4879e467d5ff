/** `run` and `setup` as a person types them: a real process, a real server, a home folder of their own. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../free-port.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const home = mkdtempSync(join(tmpdir(), 'balanced-call-home-'))
afterAll(() => rmSync(home, { recursive: true }))

interface Ended {
  code: number
  out: string
  err: string
}

function balancedCall(...args: string[]): Promise<Ended> {
  return balancedCallWith({}, ...args)
}

function balancedCallWith(more: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOME: home, ...more }
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
  })
}

/** An agent of one line, under the name of a real one where `name` says so. */
function agent(name: string, script: string): string {
  const file = join(home, name)
  writeFileSync(file, `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
  return file
}

// each starts processes, which takes its time on a busy machine
describe('run', { timeout: 60_000 }, () => {
  test('gives an agent the server for as long as it runs', async () => {
    const port = await freePort()
    const asks = agent(
      'asks',
      `const { OPENAI_BASE_URL, OPENAI_MODEL } = process.env
       fetch(OPENAI_BASE_URL + '/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' },
         body: JSON.stringify({ model: OPENAI_MODEL, messages: [{ role: 'user', content: 'Hi' }] }) })
         .then((answer) => answer.json()).then((answer) => { console.log(answer.object, process.argv.slice(2).join()); process.exitCode = 7 })`,
    )
    const ended = await balancedCall('run', '--port', String(port), '--', asks, '--port', 'x')
    expect(ended).toEqual({ code: 7, out: 'chat.completion --port,x\n', err: '' })
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  })

  test('gives an agent of the catalogue its variables, and takes away what would lead it elsewhere', async () => {
    const claude = agent(
      'claude',
      `const e = process.env
       console.log(e.ANTHROPIC_BASE_URL, e.ANTHROPIC_MODEL, e.ANTHROPIC_DEFAULT_HAIKU_MODEL, e.ANTHROPIC_API_KEY)`,
    )
    const port = await freePort()
    const { out } = await balancedCall(
      'run',
      '--port',
      String(port),
      '--model',
      'a',
      '--small-model',
      'b',
      '--',
      claude,
    )
    expect(out).toBe(`http://127.0.0.1:${port} a b undefined\n`)
  })

  test('gives an agent that reads files only one of ours for one start, and leaves its own as it is', async () => {
    const folder = join(home, '.continue')
    mkdirSync(folder)
    const own = 'name: Mine\nversion: 2.0.0\nmodels: []\n'
    writeFileSync(join(folder, 'config.yaml'), own)
    const reads = `const fs = require('node:fs'); const file = process.argv[process.argv.indexOf('--config') + 1]
      console.log(file + '\\n' + (fs.statSync(file).mode & 0o777).toString(8) + '\\n' + fs.readFileSync(file))`
    const port = String(await freePort())
    const { out } = await balancedCall('run', '--port', port, '--model', 'a', '--', agent('cn', reads), '-p', 'Hi')
    const [file = '', mode, ...text] = out.split('\n')
    expect(mode).toBe('600')
    expect(text.join('\n')).toMatch(
      new RegExp(`^name: Mine\nversion: 2\\.0\\.0\nmodels:[^]+apiBase: http://127\\.0\\.0\\.1:${port}/v1`),
    )
    expect(existsSync(file)).toBe(false)
    expect(readFileSync(join(folder, 'config.yaml'), 'utf8')).toBe(own)

    writeFileSync(join(folder, 'config.yaml'), '- a list')
    const refused = await balancedCall('run', '--port', port, '--', join(home, 'cn'))
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('config.yaml cannot be read: it is not a map'),
    })
  })

  test('says what is wrong: no command, an unknown one, a port of somebody else', async () => {
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
    await new Promise((listening) => other.once('listening', listening))
    onTestFinished(() => void other.close())
    const taken = String((other.address() as AddressInfo).port)
    expect(await balancedCall('run')).toMatchObject({ code: 1, err: expect.stringContaining('wants a command') })
    const port = String(await freePort())
    const missing = await balancedCall('run', '--port', port, '--', 'no-such-agent')
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('there is no command "no-such-agent"') })
    const else_ = await balancedCall('run', '--port', taken, '--', 'true')
    expect(else_).toMatchObject({ code: 1, err: expect.stringContaining('something else answers') })
  })
})

describe('setup', { timeout: 60_000 }, () => {
  test('shows, writes, keeps what was there, and says when there is nothing to do', async () => {
    const folder = join(home, '.codex')
    mkdirSync(folder)
    const file = join(folder, 'config.toml')
    writeFileSync(file, '# mine\nmodel = "old"\n')
    const printed = await balancedCall('setup', 'codex', '--print')
    expect(printed.out).toContain('base_url = "http://127.0.0.1:9000/v1"')
    expect(readFileSync(file, 'utf8')).toBe('# mine\nmodel = "old"\n')
    expect((await balancedCall('setup', 'codex')).out).toContain('what it was before')
    expect(readFileSync(file, 'utf8')).toContain('# mine')
    expect(readdirSync(folder).toSorted()).toEqual(['config.toml', 'config.toml.before-balanced-call'])
    expect((await balancedCall('setup', 'codex')).out).toContain('already')
    expect((await balancedCall('setup', 'codex', '--port', '9100')).code).toBe(0)
    expect(readdirSync(folder)).toHaveLength(3)
  })

  test('keeps a new file to its owner, since it holds a key', async () => {
    expect((await balancedCall('setup', 'opencode', '--key', 'bc-1')).code).toBe(0)
    const file = join(home, '.config/opencode/opencode.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      provider: { 'balanced-call': { options: { apiKey: 'bc-1' } } },
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('leaves a file alone that it cannot read', async () => {
    mkdirSync(join(home, '.claude'))
    const file = join(home, '.claude/settings.json')
    writeFileSync(file, '{ broken')
    const ended = await balancedCall('setup', 'claude')
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('stays as it is') })
    expect(readFileSync(file, 'utf8')).toBe('{ broken')
  })

  test('names the tools it knows', async () => {
    expect((await balancedCall('setup', 'nothing')).err).toContain('claude, codex, gemini')
  })
})
